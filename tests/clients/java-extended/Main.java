import static software.amazon.awssdk.services.sqs.model.QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES;

import com.amazon.sqs.javamessaging.AmazonSQSExtendedAsyncClient;
import com.amazon.sqs.javamessaging.AmazonSQSExtendedClient;
import com.amazon.sqs.javamessaging.ExtendedAsyncClientConfiguration;
import com.amazon.sqs.javamessaging.ExtendedClientConfiguration;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.*;

/**
 * The SQS extended client puts what is too long for a message into S3. There is none here, so that
 * such a message must be refused as a whole; all others go through.
 */
public final class Main {
    private static final String ENDPOINT = System.getenv("AWS_ENDPOINT_URL");
    private static final int THRESHOLD = 256 * 1024;
    private static final int LIMIT = 1024 * 1024;
    private static final URI NOWHERE = URI.create("http://127.0.0.1:" + unusedPort());

    private static final SqsClient plain =
        SqsClient.builder().endpointOverride(URI.create(ENDPOINT)).build();
    private static final AmazonSQSExtendedClient extended = new AmazonSQSExtendedClient(
        plain, new ExtendedClientConfiguration().withPayloadSizeThreshold(THRESHOLD)
            .withPayloadSupportEnabled(S3Client.builder().endpointOverride(NOWHERE).build(),
                "bucket"));

    private static int unusedPort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException problem) {
            throw new IllegalStateException(problem);
        }
    }

    private static String queue(String name) {
        return plain.createQueue(r -> r.queueName(name)).queueUrl();
    }

    private static SendMessageRequest message(String url, int bytes) {
        return SendMessageRequest.builder().queueUrl(url).messageBody("x".repeat(bytes)).build();
    }

    private static void assertCount(String url, int count) {
        String found = plain.getQueueAttributes(r -> r.queueUrl(url)
            .attributeNames(APPROXIMATE_NUMBER_OF_MESSAGES))
            .attributes().get(APPROXIMATE_NUMBER_OF_MESSAGES);
        Checks.equal(found, "" + count);
    }

    /** The call fails since S3 cannot be reached, and not by an answer of the queue. */
    private static void failsForS3(Callable<?> call) throws Exception {
        try {
            Object answer = call.call();
            throw new AssertionError("accepted: " + answer);
        } catch (SdkException problem) {
            Throwable cause = problem;
            while (cause != null && !(cause instanceof ConnectException)) cause = cause.getCause();
            if (cause == null) throw problem;
        }
    }

    private static void shortMessagesGoThrough() {
        String url = queue("short");
        MessageAttributeValue kind =
            MessageAttributeValue.builder().dataType("String").stringValue("order").build();
        extended.sendMessage(r -> r.queueUrl(url).messageBody("hello")
            .messageAttributes(java.util.Map.of("kind", kind)));
        extended.sendMessage(message(url, THRESHOLD - 1));
        for (int left = 2; left > 0; --left) {
            List<Message> messages = extended.receiveMessage(
                ReceiveMessageRequest.builder().queueUrl(url).waitTimeSeconds(5)
                    .messageAttributeNames("All").build()).messages();
            Checks.equal(messages.size(), 1);
            if (messages.get(0).body().equals("hello")) {
                Checks.equal(messages.get(0).messageAttributes().get("kind"), kind);
            } else {
                Checks.equal(messages.get(0).body().length(), THRESHOLD - 1);
            }
            extended.deleteMessage(DeleteMessageRequest.builder().queueUrl(url)
                .receiptHandle(messages.get(0).receiptHandle()).build());
        }
        assertCount(url, 0);
    }

    private static void longMessagesFailWhole() throws Exception {
        String url = queue("long");
        failsForS3(() -> extended.sendMessage(message(url, THRESHOLD + 1)));
        failsForS3(() -> extended.sendMessage(message(url, LIMIT + 1)));
        assertCount(url, 0);
    }

    private static void aBatchWithALongMessageFailsWhole() throws Exception {
        String url = queue("mixed");
        failsForS3(() -> extended.sendMessageBatch(SendMessageBatchRequest.builder().queueUrl(url)
            .entries(
                SendMessageBatchRequestEntry.builder().id("a").messageBody("short").build(),
                SendMessageBatchRequestEntry.builder().id("b")
                    .messageBody("x".repeat(THRESHOLD + 1)).build())
            .build()));
        assertCount(url, 0);
    }

    private static void theQueueRefusesWhatIsOverItsLimit() {
        String url = queue("limit");
        plain.sendMessage(message(url, LIMIT));
        SqsException error =
            Checks.thrown(SqsException.class, () -> plain.sendMessage(message(url, LIMIT + 1)));
        Checks.equal(error.awsErrorDetails().errorCode(), "InvalidParameterValue");
        Checks.equal(error.awsErrorDetails().errorMessage(), "One or more parameters are invalid. "
            + "Reason: Message must be shorter than 1048576 bytes.");
        assertCount(url, 1);
    }

    private static void theAsyncClientDoesTheSame() throws Exception {
        String url = queue("async");
        SqsAsyncClient client =
            SqsAsyncClient.builder().endpointOverride(URI.create(ENDPOINT)).build();
        AmazonSQSExtendedAsyncClient async = new AmazonSQSExtendedAsyncClient(client,
            new ExtendedAsyncClientConfiguration().withPayloadSizeThreshold(THRESHOLD)
                .withPayloadSupportEnabled(
                    S3AsyncClient.builder().endpointOverride(NOWHERE).build(), "bucket"));
        async.sendMessage(message(url, 5)).get(20, TimeUnit.SECONDS);
        ExecutionException failure = Checks.thrown(ExecutionException.class,
            () -> async.sendMessage(message(url, THRESHOLD + 1)).get(60, TimeUnit.SECONDS));
        failsForS3(() -> { throw (Exception) failure.getCause(); });
        assertCount(url, 1);
    }

    public static void main(String[] arguments) {
        Checks checks = new Checks();
        checks.test("messages under the threshold go through, and are deleted",
            Main::shortMessagesGoThrough);
        checks.test("a message over the threshold fails, and nothing is queued",
            Main::longMessagesFailWhole);
        checks.test("a batch with such a message fails as a whole",
            Main::aBatchWithALongMessageFailsWhole);
        checks.test("the queue itself refuses what is over its limit",
            Main::theQueueRefusesWhatIsOverItsLimit);
        checks.test("the async client does the same", Main::theAsyncClientDoesTheSame);
        checks.finish();
    }
}
