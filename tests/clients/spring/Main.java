import io.awspring.cloud.sqs.annotation.SqsListener;
import io.awspring.cloud.sqs.listener.QueueNotFoundStrategy;
import io.awspring.cloud.sqs.listener.SqsHeaders;
import io.awspring.cloud.sqs.listener.acknowledgement.Acknowledgement;
import io.awspring.cloud.sqs.operations.SendResult;
import io.awspring.cloud.sqs.operations.SqsTemplate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.support.MessageBuilder;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** Spring Cloud AWS: listeners as an application declares them, and its template. */
@Configuration
@EnableAutoConfiguration
public class Main {
    public record Order(String id, int amount) {}

    private static final List<Order> orders = new CopyOnWriteArrayList<>();
    private static final List<String> attempts = new CopyOnWriteArrayList<>();
    private static final List<Integer> batchSizes = new CopyOnWriteArrayList<>();
    private static final List<String> batched = new CopyOnWriteArrayList<>();
    private static final List<String> byHand = new CopyOnWriteArrayList<>();
    private static final List<String> inOrder = new CopyOnWriteArrayList<>();

    private static SqsTemplate template;
    private static SqsAsyncClient sqs;

    // The queue does not exist when the application starts: Spring creates it.
    @SqsListener(queueNames = "orders")
    public void onOrder(Order order) {
        orders.add(order);
    }

    @SqsListener(queueNames = "failing")
    public void onFailing(
        String text, @Header(SqsHeaders.MessageSystemAttributes.SQS_APPROXIMATE_RECEIVE_COUNT)
        String receiveCount) {
        attempts.add(receiveCount);
        if (attempts.size() < 3) throw new IllegalStateException("again: " + text);
    }

    @SqsListener(queueNames = "batches", maxMessagesPerPoll = "10")
    public void onBatch(List<Message<String>> messages) {
        batchSizes.add(messages.size());
        messages.forEach(message -> batched.add(message.getPayload()));
    }

    @SqsListener(queueNames = "by-hand", acknowledgementMode = "MANUAL",
        messageVisibilitySeconds = "2")
    public void onByHand(String text, Acknowledgement acknowledgement) {
        byHand.add(text);
        if (byHand.size() > 1) acknowledgement.acknowledge();
    }

    @SqsListener(queueNames = "line.fifo")
    public void onLine(String text) {
        inOrder.add(text);
    }

    private static String url(String queue) {
        return sqs.getQueueUrl(r -> r.queueName(queue)).join().queueUrl();
    }

    private static void waitUntilEmpty(String queue) throws InterruptedException {
        String url = url(queue);
        List<QueueAttributeName> names = List.of(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE);
        Checks.waitUntil(() -> sqs.getQueueAttributes(r -> r.queueUrl(url).attributeNames(names))
            .join().attributes().values().stream().allMatch("0"::equals), "the acknowledgement");
    }

    private static void objectsArrive() throws InterruptedException {
        List<Message<Order>> sent = IntStream.range(0, 25)
            .mapToObj(n -> MessageBuilder.withPayload(new Order("o" + n, n)).build()).toList();
        for (int from = 0; from < 25; from += 10) {
            Collection<Message<Order>> some = sent.subList(from, Math.min(from + 10, 25));
            SendResult.Batch<Order> result = template.sendMany("orders", some);
            Checks.equal(result.failed().size(), 0);
        }
        Checks.waitUntil(() -> orders.size() >= 25, "the last order");
        waitUntilEmpty("orders");
        Checks.equal(orders.size(), 25);
        Checks.equal(orders.stream().mapToInt(Order::amount).sum(), 300);
    }

    private static void failuresComeBack() throws InterruptedException {
        sqs.setQueueAttributes(r -> r.queueUrl(url("failing"))
            .attributes(Map.of(QueueAttributeName.VISIBILITY_TIMEOUT, "1"))).join();
        template.send("failing", "poison");
        Checks.waitUntil(() -> attempts.size() >= 3, "the third attempt");
        Checks.equal(attempts, List.of("1", "2", "3"));
        waitUntilEmpty("failing");
    }

    private static void batchesArrive() throws InterruptedException {
        List<String> wanted = IntStream.range(0, 10).mapToObj(n -> "b" + n).toList();
        template.sendMany("batches",
            wanted.stream().map(text -> MessageBuilder.withPayload(text).build()).toList());
        Checks.waitUntil(() -> batched.size() >= 10, "the last of the batch");
        Checks.equal(batched.stream().sorted().toList(), wanted);
        Checks.equal(batchSizes.stream().mapToInt(Integer::intValue).sum(), 10);
        waitUntilEmpty("batches");
    }

    private static void acknowledgedByHand() throws InterruptedException {
        template.send("by-hand", "twice");
        Checks.waitUntil(() -> byHand.size() >= 2, "the second time");
        waitUntilEmpty("by-hand");
        Checks.equal(byHand, List.of("twice", "twice"));
    }

    private static void fifoKeepsOrder() throws InterruptedException {
        List<String> wanted = new ArrayList<>();
        for (int n = 0; n < 20; ++n) {
            String text = "l" + n;
            wanted.add(text);
            template.send(to -> to.queue("line.fifo").payload(text).messageGroupId("g")
                .messageDeduplicationId(text));
        }
        Checks.waitUntil(() -> inOrder.size() >= 20, "the last of the line");
        waitUntilEmpty("line.fifo");
        Checks.equal(inOrder, wanted);
    }

    private static void theTemplateReceives() {
        sqs.createQueue(r -> r.queueName("pulled")).join();
        template.send(to -> to.queue("pulled").payload("hello").header("kind", "greeting"));
        Optional<Message<String>> found = template.receive("pulled", String.class);
        Checks.equal(found.map(Message::getPayload), Optional.of("hello"));
        Checks.equal(found.get().getHeaders().get("kind"), "greeting");
        // It acknowledges what it returns.
        Checks.equal(template.receive(from -> from.queue("pulled")
            .pollTimeout(java.time.Duration.ofSeconds(1)), String.class), Optional.empty());
    }

    public static void main(String[] arguments) {
        SpringApplication application = new SpringApplication(Main.class);
        application.setDefaultProperties(Map.of(
            "spring.cloud.aws.endpoint", System.getenv("AWS_ENDPOINT_URL"),
            "spring.cloud.aws.region.static", "us-east-1",
            "spring.cloud.aws.credentials.access-key", "AKIAIOSFODNN7EXAMPLE",
            "spring.cloud.aws.credentials.secret-key", "secret",
            "spring.cloud.aws.sqs.queue-not-found-strategy", QueueNotFoundStrategy.CREATE,
            "spring.main.banner-mode", "off",
            "logging.level.root", "ERROR"));
        ConfigurableApplicationContext context = application.run(arguments);
        template = context.getBean(SqsTemplate.class);
        sqs = context.getBean(SqsAsyncClient.class);

        Checks checks = new Checks();
        checks.test("a listener gets objects, its queue is made for it", Main::objectsArrive);
        checks.test("a message whose listener failed comes back", Main::failuresComeBack);
        checks.test("a listener of lists gets batches", Main::batchesArrive);
        checks.test("what is not acknowledged by hand comes back", Main::acknowledgedByHand);
        checks.test("a FIFO listener keeps the order of a group", Main::fifoKeepsOrder);
        checks.test("the template receives with headers and acknowledges",
            Main::theTemplateReceives);
        checks.test("the application stops while its listeners poll", context::close);
        checks.finish();
    }
}
