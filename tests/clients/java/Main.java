import static software.amazon.awssdk.services.sqs.model.QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES;
import static software.amazon.awssdk.services.sqs.model.QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE;
import static software.amazon.awssdk.services.sqs.model.QueueAttributeName.CONTENT_BASED_DEDUPLICATION;
import static software.amazon.awssdk.services.sqs.model.QueueAttributeName.DELAY_SECONDS;
import static software.amazon.awssdk.services.sqs.model.QueueAttributeName.FIFO_QUEUE;
import static software.amazon.awssdk.services.sqs.model.QueueAttributeName.QUEUE_ARN;
import static software.amazon.awssdk.services.sqs.model.QueueAttributeName.REDRIVE_POLICY;
import static software.amazon.awssdk.services.sqs.model.QueueAttributeName.VISIBILITY_TIMEOUT;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkResponse;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.batchmanager.SqsAsyncBatchManager;
import software.amazon.awssdk.services.sqs.model.*;

/** The AWS SDK for Java v2: its blocking client, its async client and its batch manager. */
public final class Main {
    private static final String ACCOUNT = "000000000000";
    private static final String ENDPOINT = System.getenv("AWS_ENDPOINT_URL");
    private static final SqsClient sqs =
        SqsClient.builder().endpointOverride(URI.create(ENDPOINT)).build();
    private static final SqsAsyncClient async =
        SqsAsyncClient.builder().endpointOverride(URI.create(ENDPOINT)).build();

    private static String queue(String name, Map<QueueAttributeName, String> attributes) {
        return sqs.createQueue(r -> r.queueName(name).attributes(attributes)).queueUrl();
    }

    private static String queue(String name) {
        return queue(name, Map.of());
    }

    private static Map<QueueAttributeName, String> attributes(
        String url, QueueAttributeName... names) {
        return sqs.getQueueAttributes(r -> r.queueUrl(url).attributeNames(names)).attributes();
    }

    private static void send(String url, String body) {
        sqs.sendMessage(r -> r.queueUrl(url).messageBody(body));
    }

    private static List<Message> receive(String url, int seconds) {
        return sqs.receiveMessage(r -> r.queueUrl(url).waitTimeSeconds(seconds)
            .maxNumberOfMessages(10).messageAttributeNames("All")
            .messageSystemAttributeNames(MessageSystemAttributeName.ALL)).messages();
    }

    private static Set<String> bodies(List<Message> messages) {
        return messages.stream().map(Message::body).collect(Collectors.toCollection(TreeSet::new));
    }

    private static SendMessageBatchRequestEntry entry(String id, String body) {
        return SendMessageBatchRequestEntry.builder().id(id).messageBody(body).build();
    }

    private static void assertEmpty(String url) {
        Checks.equal(
            attributes(url, APPROXIMATE_NUMBER_OF_MESSAGES,
                APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE),
            Map.of(APPROXIMATE_NUMBER_OF_MESSAGES, "0",
                APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE, "0"));
    }

    private static void aQueueLives() {
        String url = queue("orders", Map.of(VISIBILITY_TIMEOUT, "45"));
        Checks.equal(url, ENDPOINT + "/" + ACCOUNT + "/orders");
        Checks.equal(sqs.getQueueUrl(r -> r.queueName("orders")).queueUrl(), url);
        sqs.setQueueAttributes(r -> r.queueUrl(url).attributes(Map.of(DELAY_SECONDS, "1")));
        Checks.equal(attributes(url, VISIBILITY_TIMEOUT, DELAY_SECONDS),
            Map.of(VISIBILITY_TIMEOUT, "45", DELAY_SECONDS, "1"));
        sqs.tagQueue(r -> r.queueUrl(url).tags(Map.of("team", "shop", "stage", "test")));
        sqs.untagQueue(r -> r.queueUrl(url).tagKeys("team"));
        Checks.equal(sqs.listQueueTags(r -> r.queueUrl(url)).tags(), Map.of("stage", "test"));
        sqs.deleteQueue(r -> r.queueUrl(url));
        Checks.thrown(QueueDoesNotExistException.class,
            () -> sqs.getQueueUrl(r -> r.queueName("orders")));
    }

    private static void pagesAreListed() {
        List<String> made = IntStream.range(0, 5).mapToObj(n -> queue("page-" + n)).toList();
        List<String> found = sqs.listQueuesPaginator(r -> r.queueNamePrefix("page-").maxResults(2))
            .queueUrls().stream().toList();
        Checks.equal(found, made);
    }

    private static <E extends SqsException> void refused(
        Class<E> kind, String code, java.util.concurrent.Callable<?> call) {
        SqsException error = Checks.thrown(kind, call);
        Checks.equal(error.awsErrorDetails().errorCode(), code);
        Checks.equal(error.statusCode(), 400);
        Checks.check(error.requestId() != null, "no request id");
    }

    private static void errorsAreTheSdksClasses() {
        String url = queue("errors", Map.of(DELAY_SECONDS, "1"));
        String prefix = "AWS.SimpleQueueService.";
        refused(QueueDoesNotExistException.class, prefix + "NonExistentQueue",
            () -> sqs.receiveMessage(r -> r.queueUrl(ENDPOINT + "/" + ACCOUNT + "/nowhere")));
        refused(QueueNameExistsException.class, "QueueAlreadyExists",
            () -> queue("errors", Map.of(DELAY_SECONDS, "2")));
        refused(InvalidAttributeNameException.class, "InvalidAttributeName",
            () -> sqs.getQueueAttributes(r -> r.queueUrl(url).attributeNamesWithStrings("No")));
        refused(InvalidAttributeValueException.class, "InvalidAttributeValue",
            () -> queue("bad", Map.of(DELAY_SECONDS, "901")));
        refused(InvalidMessageContentsException.class, "InvalidMessageContents",
            () -> sqs.sendMessage(r -> r.queueUrl(url).messageBody("\0")));
        refused(ReceiptHandleIsInvalidException.class, "ReceiptHandleIsInvalid",
            () -> sqs.deleteMessage(r -> r.queueUrl(url).receiptHandle("nonsense")));
        refused(EmptyBatchRequestException.class, prefix + "EmptyBatchRequest",
            () -> sqs.sendMessageBatch(r -> r.queueUrl(url).entries(List.of())));
        refused(BatchEntryIdsNotDistinctException.class, prefix + "BatchEntryIdsNotDistinct",
            () -> sqs.sendMessageBatch(
                r -> r.queueUrl(url).entries(entry("a", "x"), entry("a", "y"))));
        refused(TooManyEntriesInBatchRequestException.class,
            prefix + "TooManyEntriesInBatchRequest",
            () -> sqs.sendMessageBatch(r -> r.queueUrl(url).entries(
                IntStream.range(0, 11).mapToObj(n -> entry("m" + n, "x")).toList())));
        refused(BatchRequestTooLongException.class, prefix + "BatchRequestTooLong",
            () -> sqs.sendMessageBatch(r -> r.queueUrl(url).entries(
                entry("a", "x".repeat(600_000)), entry("b", "x".repeat(600_000)))));
    }

    private static void attributesOfEachType() {
        String url = queue("typed");
        String body = "grüße, 世界 \uD83D\uDE00 & <all>\r\n";
        Map<String, MessageAttributeValue> sent = Map.of(
            "count", MessageAttributeValue.builder().dataType("Number").stringValue("42.5").build(),
            "kind",
            MessageAttributeValue.builder().dataType("String.label").stringValue("spät").build(),
            "raw", MessageAttributeValue.builder().dataType("Binary")
                .binaryValue(SdkBytes.fromByteArray(new byte[] {0, 1, -1})).build());
        SendMessageResponse answer = sqs.sendMessage(
            r -> r.queueUrl(url).messageBody(body).messageAttributes(sent));
        Message message = receive(url, 5).get(0);
        Checks.equal(message.body(), body);
        Checks.equal(message.messageAttributes(), sent);
        Checks.equal(message.md5OfMessageAttributes(), answer.md5OfMessageAttributes());
        Checks.equal(
            message.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT), "1");
    }

    /** Changes an answer before the SDK compares MD5s. */
    private record Changes(java.util.function.UnaryOperator<Message> change)
        implements ExecutionInterceptor {
        @Override
        public SdkResponse modifyResponse(
            Context.ModifyResponse context, ExecutionAttributes attributes) {
            ReceiveMessageResponse answer = (ReceiveMessageResponse) context.response();
            return answer.toBuilder()
                .messages(answer.messages().stream().map(change).toList()).build();
        }
    }

    private static void md5sAreCompared() {
        String url = queue("tampered");
        List<java.util.function.UnaryOperator<Message>> changes = List.of(
            m -> m.toBuilder().body(m.body() + "x").build(),
            m -> m.toBuilder().messageAttributes(Map.of("n", MessageAttributeValue.builder()
                .dataType("Number").stringValue("2").build())).build());
        for (java.util.function.UnaryOperator<Message> change : changes) {
            sqs.sendMessage(r -> r.queueUrl(url).messageBody("a").messageAttributes(Map.of(
                "n", MessageAttributeValue.builder().dataType("Number").stringValue("1").build())));
            try (SqsClient client = SqsClient.builder().endpointOverride(URI.create(ENDPOINT))
                    .overrideConfiguration(o -> o.addExecutionInterceptor(new Changes(change)))
                    .build()) {
                SdkClientException error = Checks.thrown(SdkClientException.class,
                    () -> client.receiveMessage(r -> r.queueUrl(url).waitTimeSeconds(5)
                        .messageAttributeNames("All")));
                Checks.check(error.getMessage().contains("MD5"), error.getMessage());
            }
        }
    }

    private static void partialBatches() {
        String url = queue("batch");
        SendMessageBatchResponse sent = sqs.sendMessageBatch(r -> r.queueUrl(url).entries(
            entry("a", "one"), entry("b", "two").toBuilder().delaySeconds(901).build(),
            entry("c", "three")));
        Checks.equal(sent.successful().stream().map(e -> e.id()).toList(), List.of("a", "c"));
        BatchResultErrorEntry failed = sent.failed().get(0);
        Checks.equal(List.of(failed.id(), failed.code(), failed.senderFault()),
            List.of("b", "InvalidParameterValue", true));

        List<ChangeMessageVisibilityBatchRequestEntry> visible = new ArrayList<>();
        visible.add(ChangeMessageVisibilityBatchRequestEntry.builder()
            .id("bad").receiptHandle("nonsense").visibilityTimeout(0).build());
        for (Message message : receive(url, 5)) {
            visible.add(ChangeMessageVisibilityBatchRequestEntry.builder().id("m" + visible.size())
                .receiptHandle(message.receiptHandle()).visibilityTimeout(0).build());
        }
        ChangeMessageVisibilityBatchResponse changed =
            sqs.changeMessageVisibilityBatch(r -> r.queueUrl(url).entries(visible));
        Checks.equal(changed.successful().size(), 2);
        Checks.equal(changed.failed().get(0).code(), "ReceiptHandleIsInvalid");

        List<DeleteMessageBatchRequestEntry> done = new ArrayList<>();
        done.add(DeleteMessageBatchRequestEntry.builder()
            .id("bad").receiptHandle("nonsense").build());
        for (Message message : receive(url, 5)) {
            done.add(DeleteMessageBatchRequestEntry.builder().id("m" + done.size())
                .receiptHandle(message.receiptHandle()).build());
        }
        DeleteMessageBatchResponse deleted =
            sqs.deleteMessageBatch(r -> r.queueUrl(url).entries(done));
        Checks.equal(deleted.successful().size(), 2);
        Checks.equal(deleted.failed().get(0).id(), "bad");
        assertEmpty(url);
    }

    private static void fifoKeepsOrder() {
        String url = queue("line.fifo",
            Map.of(FIFO_QUEUE, "true", CONTENT_BASED_DEDUPLICATION, "true"));
        Consumer<String> toGroup =
            body -> sqs.sendMessage(r -> r.queueUrl(url).messageBody(body).messageGroupId("g"));
        List.of("one", "one", "two").forEach(toGroup);
        sqs.sendMessage(r -> r.queueUrl(url).messageBody("other").messageGroupId("h"));
        Message first = sqs.receiveMessage(r -> r.queueUrl(url)).messages().get(0);
        Checks.equal(first.body(), "one");
        Checks.equal(bodies(receive(url, 0)), Set.of("other"));
        sqs.deleteMessage(r -> r.queueUrl(url).receiptHandle(first.receiptHandle()));
        Checks.equal(bodies(receive(url, 0)), Set.of("two"));
    }

    private static void deadLetters() {
        String dead = queue("dead");
        String url = queue("alive", Map.of(REDRIVE_POLICY,
            "{\"deadLetterTargetArn\":\"%s\",\"maxReceiveCount\":1}"
                .formatted(attributes(dead, QUEUE_ARN).get(QUEUE_ARN))));
        send(url, "poison");
        String handle = receive(url, 5).get(0).receiptHandle();
        sqs.changeMessageVisibility(
            r -> r.queueUrl(url).receiptHandle(handle).visibilityTimeout(0));
        Checks.equal(receive(url, 0), List.of());
        Checks.equal(bodies(receive(dead, 5)), Set.of("poison"));
        Checks.equal(sqs.listDeadLetterSourceQueuesPaginator(r -> r.queueUrl(dead)).queueUrls()
            .stream().toList(), List.of(url));
        sqs.purgeQueue(r -> r.queueUrl(dead));
        assertEmpty(dead);
    }

    private static void foreignUrls() {
        send(queue("known"), "a");
        for (String url : List.of("https://sqs.us-east-1.amazonaws.com/" + ACCOUNT + "/known",
                "https://queue.amazonaws.com/" + ACCOUNT + "/known", "known")) {
            Checks.equal(attributes(url, APPROXIMATE_NUMBER_OF_MESSAGES),
                Map.of(APPROXIMATE_NUMBER_OF_MESSAGES, "1"));
        }
    }

    private static void asyncPollsAreWoken() throws Exception {
        String url = queue("polled");
        List<CompletableFuture<ReceiveMessageResponse>> polls = IntStream.range(0, 10)
            .mapToObj(n -> async.receiveMessage(r -> r.queueUrl(url).waitTimeSeconds(20)))
            .toList();
        for (int n = 0; n < 10; ++n) send(url, "m" + n);
        Set<String> found = new TreeSet<>();
        for (CompletableFuture<ReceiveMessageResponse> poll : polls) {
            found.addAll(bodies(poll.get(15, TimeUnit.SECONDS).messages()));
        }
        Checks.equal(found.size(), 10);
    }

    private static void asyncErrors() {
        CompletionException error = Checks.thrown(CompletionException.class,
            () -> async.getQueueUrl(r -> r.queueName("nowhere")).join());
        Checks.check(error.getCause() instanceof QueueDoesNotExistException, "" + error.getCause());
    }

    private static void theBatchManager() throws Exception {
        String url = queue("managed");
        List<String> wanted = IntStream.range(0, 95).mapToObj(n -> "m" + n).sorted().toList();
        try (SqsAsyncBatchManager manager = SqsAsyncBatchManager.builder().client(async)
                .scheduledExecutor(Executors.newScheduledThreadPool(2)).build()) {
            List<CompletableFuture<SendMessageResponse>> sending = wanted.stream().map(
                body -> manager.sendMessage(r -> r.queueUrl(url).messageBody(body))).toList();
            for (CompletableFuture<SendMessageResponse> one : sending) {
                Checks.check(one.get(20, TimeUnit.SECONDS).messageId() != null, "no id");
            }
            CompletableFuture<SendMessageResponse> bad = manager.sendMessage(
                r -> r.queueUrl(url).messageBody("late").delaySeconds(901));
            Checks.thrown(java.util.concurrent.ExecutionException.class,
                () -> bad.get(20, TimeUnit.SECONDS));

            List<String> found = new ArrayList<>();
            List<CompletableFuture<DeleteMessageResponse>> deleting = new ArrayList<>();
            long deadline = System.nanoTime() + 30_000_000_000L;
            while (found.size() < wanted.size() && System.nanoTime() < deadline) {
                for (Message message : manager.receiveMessage(r -> r.queueUrl(url))
                        .get(20, TimeUnit.SECONDS).messages()) {
                    found.add(message.body());
                    deleting.add(manager.deleteMessage(
                        r -> r.queueUrl(url).receiptHandle(message.receiptHandle())));
                }
            }
            for (CompletableFuture<?> one : deleting) one.get(20, TimeUnit.SECONDS);
            Checks.equal(found.stream().sorted().toList(), wanted);
            assertEmpty(url);
        }
    }

    private static void anEventReachesAQueue() {
        String url = queue("stock");
        try (EventBridgeClient events =
                EventBridgeClient.builder().endpointOverride(URI.create(ENDPOINT)).build()) {
            events.putRule(r -> r.name("orders").eventPattern("{\"source\":[\"order-service\"]}"));
            events.putTargets(r -> r.rule("orders").targets(
                t -> t.id("stock").arn("arn:aws:sqs:us-east-1:" + ACCOUNT + ":stock")));
            String id = events.putEvents(r -> r.entries(e -> e.source("order-service")
                .detailType("order.created").detail("{\"id\":7}"))).entries().get(0).eventId();
            String event = receive(url, 10).get(0).body();
            Checks.check(event.contains("\"id\":\"" + id + "\""), event);
            Checks.check(event.contains("\"detail\":{\"id\":7}"), event);
        }
    }

    public static void main(String[] arguments) {
        Checks checks = new Checks();
        checks.test("a queue is created, found, described, tagged and deleted", Main::aQueueLives);
        checks.test("the paginator finds each queue of a prefix once", Main::pagesAreListed);
        checks.test("errors are the classes of the SDK", Main::errorsAreTheSdksClasses);
        checks.test("a message comes with attributes of each type", Main::attributesOfEachType);
        checks.test("the SDK refuses what was changed on its way by its MD5", Main::md5sAreCompared);
        checks.test("in each batch the failed entries are told from the others",
            Main::partialBatches);
        checks.test("a FIFO queue keeps order in a group and drops duplicates",
            Main::fifoKeepsOrder);
        checks.test("a message received too often is in the dead-letter queue", Main::deadLetters);
        checks.test("a queue is known by URLs with another host, and by its name",
            Main::foreignUrls);
        checks.test("ten messages wake ten async polls", Main::asyncPollsAreWoken);
        checks.test("an async call ends with the SDK's exception", Main::asyncErrors);
        checks.test("the batch manager sends, receives and deletes", Main::theBatchManager);
        checks.test("an event reaches the queue of a rule", Main::anEventReachesAQueue);
        checks.finish();
    }
}
