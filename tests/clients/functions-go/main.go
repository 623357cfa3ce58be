// The runtime library of Go: a handler of aws-lambda-go, compiled, as the worker of a function. It
// echoes, fails, panics, and says which of a queue's messages have failed.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

const account = "000000000000"

var endpoint = os.Getenv("AWS_ENDPOINT_URL")

type order struct {
	ID    int  `json:"id"`
	Fails bool `json:"fails"`
}

func echo(ctx context.Context, request order) (map[string]any, error) {
	if request.Fails {
		return nil, errors.New("no such order")
	}
	about, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return map[string]any{"id": request.ID, "arn": about.InvokedFunctionArn,
		"has_time": time.Until(deadline) > 0}, nil
}

func crash(order) (string, error) { panic("out of order") }

func sendAll(event events.SQSEvent) (events.SQSEventResponse, error) {
	var response events.SQSEventResponse
	for _, record := range event.Records {
		var message order
		if json.Unmarshal([]byte(record.Body), &message) != nil || message.Fails {
			response.BatchItemFailures = append(response.BatchItemFailures,
				events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
		}
	}
	return response, nil
}

var handlers = map[string]any{"echo": echo, "crash": crash, "sendAll": sendAll}

func ask(method, path, target string, body any) (int, http.Header, []byte) {
	text := must(json.Marshal(body))
	request := must(http.NewRequest(method, endpoint+path, bytes.NewReader(text)))
	if target != "" {
		request.Header.Set("X-Amz-Target", target)
		request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	}
	answer := must(http.DefaultClient.Do(request))
	defer answer.Body.Close()
	return answer.StatusCode, answer.Header, must(io.ReadAll(answer.Body))
}

func call(method, path, target string, body any) map[string]any {
	status, _, text := ask(method, path, target, body)
	check(status < 300, "%s %s%s answered %d %s", method, path, target, status, text)
	found := map[string]any{}
	check(json.Unmarshal(text, &found) == nil, "%s", text)
	return found
}

// A function and a worker of it, which is this program.
func function(name, handler string) (stop func()) {
	call("POST", "/2015-03-31/functions", "", map[string]any{
		"FunctionName": name, "Role": "arn:aws:iam::" + account + ":role/r", "Timeout": 10,
		"PackageType": "Image", "Code": map[string]any{"ImageUri": "attached"}})
	port := call("POST", "/_signalbox/runtime-port", "", map[string]any{
		"function_arn": "arn:aws:lambda:us-east-1:" + account + ":function:" + name})
	worker := exec.Command(must(os.Executable()), "handler", handler)
	worker.Env = append(os.Environ(), fmt.Sprint("AWS_LAMBDA_RUNTIME_API=", port["runtime_api"]),
		"AWS_LAMBDA_FUNCTION_NAME="+name)
	worker.Stderr = os.Stderr
	check(worker.Start() == nil, "the worker does not start")
	return func() { worker.Process.Kill(); worker.Wait() }
}

func invoke(name string, payload any) (errorType string, answer map[string]any) {
	status, headers, text := ask(
		"POST", "/2015-03-31/functions/"+name+"/invocations", "", payload)
	check(status == 200, "%d %s", status, text)
	check(json.Unmarshal(text, &answer) == nil, "%s", text)
	return headers.Get("X-Amz-Function-Error"), answer
}

func sqs(operation string, body any) map[string]any {
	return call("POST", "/", "AmazonSQS."+operation, body)
}

func count(url any, which string) string {
	return sqs("GetQueueAttributes", map[string]any{"QueueUrl": url,
		"AttributeNames": []string{which}})["Attributes"].(map[string]any)[which].(string)
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "handler" {
		lambda.Start(handlers[os.Args[2]])
	}
	runTests([]test{
		{"a handler answers, with its context", func() {
			defer function("go-echo", "echo")()
			failed, answer := invoke("go-echo", order{ID: 7})
			equal(failed, "")
			equal(fmt.Sprint(answer["id"]), "7")
			equal(fmt.Sprint(answer["arn"]),
				"arn:aws:lambda:us-east-1:"+account+":function:go-echo")
			equal(fmt.Sprint(answer["has_time"]), "true")
			failed, answer = invoke("go-echo", order{Fails: true})
			equal(failed, "Unhandled")
			equal(fmt.Sprint(answer["errorMessage"]), "no such order")
			equal(fmt.Sprint(answer["errorType"]), "errorString")
		}},
		{"a panic is a function error", func() {
			defer function("go-crash", "crash")()
			failed, answer := invoke("go-crash", order{ID: 7})
			equal(failed, "Unhandled")
			check(strings.Contains(answer["errorMessage"].(string), "out of order"), "%v", answer)
		}},
		{"of a batch the messages that it reports are left", func() {
			url := sqs("CreateQueue", map[string]any{"QueueName": "go-orders",
				"Attributes": map[string]string{"VisibilityTimeout": "30"}})["QueueUrl"]
			for i := 0; i < 10; i++ {
				sqs("SendMessage", map[string]any{"QueueUrl": url,
					"MessageBody": string(must(json.Marshal(order{i, i%4 == 1})))})
			}
			defer function("go-send", "sendAll")()
			call("POST", "/2015-03-31/event-source-mappings", "", map[string]any{
				"EventSourceArn": "arn:aws:sqs:us-east-1:" + account + ":go-orders",
				"FunctionName":   "go-send", "FunctionResponseTypes": []string{
					"ReportBatchItemFailures"}})
			for deadline := time.Now().Add(20 * time.Second); ; {
				if count(url, "ApproximateNumberOfMessages") == "0" &&
					count(url, "ApproximateNumberOfMessagesNotVisible") == "3" {
					break
				}
				check(time.Now().Before(deadline), "the batch does not end")
				time.Sleep(20 * time.Millisecond)
			}
		}},
	})
}
