// The AWS SDK for Go v2: queues, messages, FIFO, dead letters, errors, events.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

const account = "000000000000"

var (
	background = context.Background()
	endpoint   = os.Getenv("AWS_ENDPOINT_URL")
	keys       = credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "")
	client     = sqs.New(sqs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint), Credentials: keys})
)

func queue(name string, attributes map[string]string) *string {
	return must(client.CreateQueue(background, &sqs.CreateQueueInput{
		QueueName: &name, Attributes: attributes})).QueueUrl
}

func attributes(url *string, names ...types.QueueAttributeName) map[string]string {
	return must(client.GetQueueAttributes(background, &sqs.GetQueueAttributesInput{
		QueueUrl: url, AttributeNames: names})).Attributes
}

func send(url *string, body string) *sqs.SendMessageOutput {
	return must(client.SendMessage(background, &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: &body}))
}

func receive(url *string, seconds int32) []types.Message {
	return must(client.ReceiveMessage(background, &sqs.ReceiveMessageInput{
		QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: seconds,
		AttributeNames:        []types.QueueAttributeName{types.QueueAttributeNameAll},
		MessageAttributeNames: []string{"All"}})).Messages
}

func bodies(messages []types.Message) string {
	var found []string
	for _, message := range messages {
		found = append(found, *message.Body)
	}
	sort.Strings(found)
	return strings.Join(found, " ")
}

func aQueueLives() {
	url := queue("orders", map[string]string{"VisibilityTimeout": "45"})
	equal(*url, endpoint+"/"+account+"/orders")
	equal(*must(client.GetQueueUrl(background, &sqs.GetQueueUrlInput{
		QueueName: aws.String("orders")})).QueueUrl, *url)
	must(client.SetQueueAttributes(background, &sqs.SetQueueAttributesInput{
		QueueUrl: url, Attributes: map[string]string{"DelaySeconds": "1"}}))
	found := attributes(url, "VisibilityTimeout", "DelaySeconds")
	equal(fmt.Sprint(found), "map[DelaySeconds:1 VisibilityTimeout:45]")
	must(client.TagQueue(background, &sqs.TagQueueInput{
		QueueUrl: url, Tags: map[string]string{"team": "shop", "stage": "test"}}))
	must(client.UntagQueue(background, &sqs.UntagQueueInput{
		QueueUrl: url, TagKeys: []string{"team"}}))
	tags := must(client.ListQueueTags(background, &sqs.ListQueueTagsInput{QueueUrl: url})).Tags
	equal(fmt.Sprint(tags), "map[stage:test]")
	must(client.DeleteQueue(background, &sqs.DeleteQueueInput{QueueUrl: url}))
	_, err := client.GetQueueUrl(background, &sqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	var gone *types.QueueDoesNotExist
	check(errors.As(err, &gone), "%v", err)
}

func pagesAreListed() {
	var made, found []string
	for number := 0; number < 5; number++ {
		made = append(made, *queue(fmt.Sprintf("page-%d", number), nil))
	}
	pages := sqs.NewListQueuesPaginator(client, &sqs.ListQueuesInput{
		QueueNamePrefix: aws.String("page-"), MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		found = append(found, must(pages.NextPage(background)).QueueUrls...)
	}
	equal(strings.Join(found, " "), strings.Join(made, " "))
}

// refused checks that err is of type T and that the service answered it with this code.
func refused[T error](code string, err error) {
	var typed T
	check(errors.As(err, &typed), "%v is no %T", err, typed)
	refusedWith(code, err)
}

func refusedWith(code string, err error) {
	var answer smithy.APIError
	check(errors.As(err, &answer), "%v is no answer of the service", err)
	equal(answer.ErrorCode(), code)
}

func sendBatch(url *string, entries ...types.SendMessageBatchRequestEntry) error {
	_, err := client.SendMessageBatch(background, &sqs.SendMessageBatchInput{
		QueueUrl: url, Entries: entries})
	return err
}

func errorsHaveTheirTypes() {
	url := queue("errors", map[string]string{"DelaySeconds": "1"})
	_, err := client.SendMessage(background, &sqs.SendMessageInput{
		QueueUrl: aws.String(endpoint + "/" + account + "/nowhere"), MessageBody: aws.String("a")})
	refused[*types.QueueDoesNotExist]("AWS.SimpleQueueService.NonExistentQueue", err)
	_, err = client.CreateQueue(background, &sqs.CreateQueueInput{
		QueueName: aws.String("errors"), Attributes: map[string]string{"DelaySeconds": "2"}})
	refused[*types.QueueNameExists]("QueueAlreadyExists", err)
	_, err = client.GetQueueAttributes(background, &sqs.GetQueueAttributesInput{
		QueueUrl: url, AttributeNames: []types.QueueAttributeName{"Nonsense"}})
	refused[*types.InvalidAttributeName]("InvalidAttributeName", err)
	_, err = client.SendMessage(background, &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: aws.String("\x00")})
	refused[*types.InvalidMessageContents]("InvalidMessageContents", err)
	_, err = client.DeleteMessage(background, &sqs.DeleteMessageInput{
		QueueUrl: url, ReceiptHandle: aws.String("nonsense")})
	refused[*types.ReceiptHandleIsInvalid]("ReceiptHandleIsInvalid", err)
	_, err = client.SendMessage(background, &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: aws.String("a"), DelaySeconds: 901})
	refusedWith("InvalidParameterValue", err)

	entry := types.SendMessageBatchRequestEntry{Id: aws.String("a"), MessageBody: aws.String("a")}
	prefix := "AWS.SimpleQueueService."
	refused[*types.EmptyBatchRequest](prefix+"EmptyBatchRequest",
		sendBatch(url, []types.SendMessageBatchRequestEntry{}...))
	refused[*types.BatchEntryIdsNotDistinct](prefix+"BatchEntryIdsNotDistinct",
		sendBatch(url, entry, entry))
	var eleven []types.SendMessageBatchRequestEntry
	for number := 0; number < 11; number++ {
		eleven = append(eleven, types.SendMessageBatchRequestEntry{
			Id: aws.String(fmt.Sprint(number)), MessageBody: aws.String("a")})
	}
	refused[*types.TooManyEntriesInBatchRequest](prefix+"TooManyEntriesInBatchRequest",
		sendBatch(url, eleven...))
	large := aws.String(strings.Repeat("x", 600_000))
	refused[*types.BatchRequestTooLong](prefix+"BatchRequestTooLong", sendBatch(url,
		types.SendMessageBatchRequestEntry{Id: aws.String("a"), MessageBody: large},
		types.SendMessageBatchRequestEntry{Id: aws.String("b"), MessageBody: large}))
}

func attributesOfEachType() {
	url := queue("typed", nil)
	body := "grüße, 世界 😀 & <all>\r\n"
	sent := map[string]types.MessageAttributeValue{
		"count": {DataType: aws.String("Number"), StringValue: aws.String("42.5")},
		"kind":  {DataType: aws.String("String.label"), StringValue: aws.String("spät")},
		"raw":   {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 255}},
	}
	answer := must(client.SendMessage(background, &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: &body, MessageAttributes: sent}))
	messages := receive(url, 5)
	equal(bodies(messages), body)
	equal(*messages[0].MD5OfMessageAttributes, *answer.MD5OfMessageAttributes)
	equal(len(messages[0].MessageAttributes), len(sent))
	for name, wanted := range sent {
		found := messages[0].MessageAttributes[name]
		equal(*found.DataType, *wanted.DataType)
		equal(aws.ToString(found.StringValue), aws.ToString(wanted.StringValue))
		check(bytes.Equal(found.BinaryValue, wanted.BinaryValue), "%v", found.BinaryValue)
	}
	equal(messages[0].Attributes["ApproximateReceiveCount"], "1")
}

// changesBodies stands where an answer comes in, before the SDK compares MD5s.
func changesBodies(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("changesBodies", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if answer, ok := out.Result.(*sqs.ReceiveMessageOutput); ok {
			for at := range answer.Messages {
				*answer.Messages[at].Body += "x"
			}
		}
		return out, metadata, err
	}), middleware.Before)
}

func md5sAreCompared() {
	url := queue("tampered", nil)
	send(url, "a")
	_, err := client.ReceiveMessage(background, &sqs.ReceiveMessageInput{QueueUrl: url},
		func(options *sqs.Options) {
			options.APIOptions = append(options.APIOptions, changesBodies)
		})
	check(err != nil && strings.Contains(err.Error(), "checksum"), "%v", err)
}

func partialBatches() {
	url := queue("batch", nil)
	sent := must(client.SendMessageBatch(background, &sqs.SendMessageBatchInput{
		QueueUrl: url, Entries: []types.SendMessageBatchRequestEntry{
			{Id: aws.String("a"), MessageBody: aws.String("one")},
			{Id: aws.String("b"), MessageBody: aws.String("two"), DelaySeconds: 901},
			{Id: aws.String("c"), MessageBody: aws.String("three")}}}))
	equal(len(sent.Successful), 2)
	equal(*sent.Failed[0].Id+" "+*sent.Failed[0].Code, "b InvalidParameterValue")
	check(sent.Failed[0].SenderFault, "no fault of the sender")

	first := receive(url, 5)
	equal(bodies(first), "one three")
	// This SDK leaves a timeout of 0 out of a batch, and the service then refuses the entry.
	visible := []types.ChangeMessageVisibilityBatchRequestEntry{
		{Id: aws.String("bad"), ReceiptHandle: aws.String("nonsense"), VisibilityTimeout: 1},
		{Id: aws.String("zero"), ReceiptHandle: first[0].ReceiptHandle}}
	for at, message := range first {
		visible = append(visible, types.ChangeMessageVisibilityBatchRequestEntry{
			Id: aws.String(fmt.Sprint(at)), ReceiptHandle: message.ReceiptHandle,
			VisibilityTimeout: 1})
	}
	changed := must(client.ChangeMessageVisibilityBatch(background,
		&sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url, Entries: visible}))
	equal(len(changed.Successful), 2)
	equal(*changed.Failed[0].Id+" "+*changed.Failed[0].Code, "bad ReceiptHandleIsInvalid")
	equal(*changed.Failed[1].Message, "The request must contain the parameter "+
		"ChangeMessageVisibilityBatchRequestEntry.2.VisibilityTimeout.")

	second := receive(url, 5)
	if len(second) == 1 { // the timeouts need not end in one instant
		second = append(second, receive(url, 5)...)
	}
	equal(bodies(second), "one three")
	done := []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("bad"), ReceiptHandle: aws.String("nonsense")}}
	for at, message := range second {
		done = append(done, types.DeleteMessageBatchRequestEntry{
			Id: aws.String(fmt.Sprint(at)), ReceiptHandle: message.ReceiptHandle})
	}
	deleted := must(client.DeleteMessageBatch(background, &sqs.DeleteMessageBatchInput{
		QueueUrl: url, Entries: done}))
	equal(len(deleted.Successful), 2)
	equal(*deleted.Failed[0].Id, "bad")
	left := attributes(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
	equal(fmt.Sprint(left),
		"map[ApproximateNumberOfMessages:0 ApproximateNumberOfMessagesNotVisible:0]")
}

func aLongPollAnswersAtOnce() {
	url := queue("polled", nil)
	started := time.Now()
	polled := make(chan string)
	go func() {
		answer, err := client.ReceiveMessage(background, &sqs.ReceiveMessageInput{
			QueueUrl: url, WaitTimeSeconds: 20})
		if err != nil || len(answer.Messages) != 1 {
			polled <- fmt.Sprint(answer, err)
			return
		}
		polled <- *answer.Messages[0].Body
	}()
	send(url, "now")
	equal(<-polled, "now")
	check(time.Since(started) < 10*time.Second, "the poll waited for its end")
}

func fifoKeepsOrder() {
	url := queue("line.fifo", map[string]string{
		"FifoQueue": "true", "ContentBasedDeduplication": "true"})
	sendTo := func(body, group string) *sqs.SendMessageOutput {
		return must(client.SendMessage(background, &sqs.SendMessageInput{
			QueueUrl: url, MessageBody: &body, MessageGroupId: &group}))
	}
	one, again := sendTo("one", "g"), sendTo("one", "g")
	equal(*one.MessageId, *again.MessageId)
	equal(*one.SequenceNumber, *again.SequenceNumber)
	sendTo("two", "g")
	sendTo("other", "h")
	first := must(client.ReceiveMessage(background, &sqs.ReceiveMessageInput{QueueUrl: url})).Messages
	equal(bodies(first), "one")
	equal(bodies(receive(url, 0)), "other")
	must(client.DeleteMessage(background, &sqs.DeleteMessageInput{
		QueueUrl: url, ReceiptHandle: first[0].ReceiptHandle}))
	equal(bodies(receive(url, 0)), "two")
}

func deadLetters() {
	dead := queue("dead", nil)
	arn := attributes(dead, "QueueArn")["QueueArn"]
	url := queue("alive", map[string]string{"RedrivePolicy": fmt.Sprintf(
		`{"deadLetterTargetArn":"%s","maxReceiveCount":"1"}`, arn)})
	send(url, "poison")
	message := receive(url, 5)[0]
	must(client.ChangeMessageVisibility(background, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: url, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0}))
	equal(len(receive(url, 0)), 0)
	equal(bodies(receive(dead, 5)), "poison")
	pages := sqs.NewListDeadLetterSourceQueuesPaginator(client,
		&sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dead})
	equal(strings.Join(must(pages.NextPage(background)).QueueUrls, " "), *url)
	must(client.PurgeQueue(background, &sqs.PurgeQueueInput{QueueUrl: dead}))
	equal(fmt.Sprint(attributes(dead, "ApproximateNumberOfMessagesNotVisible")),
		"map[ApproximateNumberOfMessagesNotVisible:0]")
}

func foreignURLs() {
	send(queue("known", nil), "a")
	for _, url := range []string{"https://sqs.us-east-1.amazonaws.com/" + account + "/known",
		"https://queue.amazonaws.com/" + account + "/known", "known"} {
		name := types.QueueAttributeName("ApproximateNumberOfMessages")
		equal(attributes(aws.String(url), name)[string(name)], "1")
	}
}

func manyAtOnce() {
	url := queue("busy", nil)
	var lock sync.Mutex
	var group sync.WaitGroup
	found := map[string]int{}
	enough := func() bool {
		lock.Lock()
		defer lock.Unlock()
		return len(found) >= 500
	}
	failed := make(chan error, 50)
	for lane := 0; lane < 50; lane++ {
		group.Add(1)
		go func(lane int) {
			defer group.Done()
			for number := 0; number < 10; number++ {
				if _, err := client.SendMessage(background, &sqs.SendMessageInput{
					QueueUrl: url, MessageBody: aws.String(fmt.Sprint(lane, number))}); err != nil {
					failed <- err
					return
				}
			}
			for !enough() {
				answer, err := client.ReceiveMessage(background, &sqs.ReceiveMessageInput{
					QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
				if err != nil {
					failed <- err
					return
				}
				for _, message := range answer.Messages {
					if _, err = client.DeleteMessage(background, &sqs.DeleteMessageInput{
						QueueUrl: url, ReceiptHandle: message.ReceiptHandle}); err != nil {
						failed <- err
						return
					}
					lock.Lock()
					found[*message.Body]++
					lock.Unlock()
				}
			}
		}(lane)
	}
	group.Wait()
	close(failed)
	for err := range failed {
		panic(err)
	}
	for body, times := range found {
		check(times == 1, "%s came %d times", body, times)
	}
}

func anEventReachesAQueue() {
	bridge := eventbridge.New(eventbridge.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint), Credentials: keys})
	url := queue("stock", nil)
	must(bridge.PutRule(background, &eventbridge.PutRuleInput{
		Name: aws.String("orders"), EventPattern: aws.String(`{"source":["order-service"]}`)}))
	must(bridge.PutTargets(background, &eventbridge.PutTargetsInput{
		Rule: aws.String("orders"), Targets: []events.Target{{
			Id: aws.String("stock"), Arn: aws.String("arn:aws:sqs:us-east-1:" + account + ":stock")}}}))
	answer := must(bridge.PutEvents(background, &eventbridge.PutEventsInput{
		Entries: []events.PutEventsRequestEntry{{
			Source: aws.String("order-service"), DetailType: aws.String("order.created"),
			Detail: aws.String(`{"id":7}`)}}}))
	equal(answer.FailedEntryCount, 0)
	var event struct {
		ID     string          `json:"id"`
		Detail json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal([]byte(*receive(url, 10)[0].Body), &event); err != nil {
		panic(err)
	}
	equal(event.ID, *answer.Entries[0].EventId)
	equal(string(event.Detail), `{"id":7}`)
}

func main() {
	runTests([]test{
		{"a queue is created, found, described, tagged and deleted", aQueueLives},
		{"the paginator finds each queue of a prefix once", pagesAreListed},
		{"errors have the types of the SDK and the codes of the service", errorsHaveTheirTypes},
		{"a message comes with attributes of each type", attributesOfEachType},
		{"the SDK compares MD5s: a body that was changed on its way is refused", md5sAreCompared},
		{"in each batch the entries that failed are told from the others", partialBatches},
		{"a long poll answers as soon as a message is sent", aLongPollAnswersAtOnce},
		{"a FIFO queue keeps order in a group and drops duplicates", fifoKeepsOrder},
		{"a message that was received too often is in the dead-letter queue", deadLetters},
		{"a queue is known by URLs with another host, and by its name", foreignURLs},
		{"fifty senders and receivers at once lose nothing, and get nothing twice", manyAtOnce},
		{"an event reaches the queue of a rule", anEventReachesAQueue},
	})
}
