"""Message move tasks: dead letters put back, at a rate, over restarts, and cancelled."""

import base64
import json
import unittest

from query_model import query_client
from support import ClockTest, SdkTest, client, queue_arn, wait_until
from broker_process import Broker


def arn_of(url):
    return queue_arn(url.rpartition("/")[2])


class MoveTasks(SdkTest):
    def pair(self):
        """A source with a dead-letter queue: their URLs."""
        dead = self.queue("dead")
        policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 1})
        return self.queue("source", {"RedrivePolicy": policy}), dead

    def fail_all(self, url, *bodies):
        """Each body is sent, received once, and moved to the dead letters."""
        for body in bodies:
            self.send(url, body)
        while self.receive(url, VisibilityTimeout=0):
            pass

    def task(self, dead, sqs=None):
        (task,) = (sqs or self.sqs).list_message_move_tasks(SourceArn=arn_of(dead))["Results"]
        return task

    def wait_for(self, dead, status):
        wait_until(lambda: self.task(dead)["Status"] == status, what=f"the task to be {status}")
        return self.task(dead)

    def count(self, url):
        return int(self.attributes(url)["ApproximateNumberOfMessages"])

    def test_dead_letters_go_back_where_they_came_from(self):
        source, dead = self.pair()
        self.fail_all(source, "a", "b", "c")
        self.assertEqual(self.count(dead), 3)
        started = self.sqs.start_message_move_task(SourceArn=arn_of(dead))
        handle = json.loads(base64.b64decode(started["TaskHandle"]))
        self.assertEqual(handle["sourceArn"], arn_of(dead))
        self.assertRegex(handle["taskId"], "^[0-9a-f-]{36}$")
        task = self.wait_for(dead, "COMPLETED")
        self.assertEqual(
            {name: value for name, value in task.items() if name != "StartedTimestamp"},
            {"Status": "COMPLETED", "SourceArn": arn_of(dead),
             "ApproximateNumberOfMessagesMoved": 3, "ApproximateNumberOfMessagesToMove": 3})
        self.assertGreater(task["StartedTimestamp"], 1_700_000_000_000)
        self.assertEqual({message["Body"] for message in self.receive(source)}, {"a", "b", "c"})

    def test_the_query_protocol_says_the_same(self):
        source, dead = self.pair()
        self.fail_all(source, "a")
        sqs = query_client(self.broker)
        other = self.queue("other")
        handle = sqs.start_message_move_task(SourceArn=arn_of(dead), DestinationArn=arn_of(other),
                                             MaxNumberOfMessagesPerSecond=500)["TaskHandle"]
        self.assertTrue(handle)
        self.wait_for(dead, "COMPLETED")
        self.assertEqual(self.task(dead, sqs), self.task(dead))
        self.assertEqual(self.task(dead)["MaxNumberOfMessagesPerSecond"], 500)
        self.assertEqual(self.receive_one(other)["Body"], "a")
        self.refused("ResourceNotFoundException", sqs.start_message_move_task,
                     SourceArn=queue_arn("missing"), status=404)

    def test_a_running_task_has_a_handle_and_can_be_cancelled(self):
        source, dead = self.pair()
        self.fail_all(source, *"abcdefgh")
        handle = self.sqs.start_message_move_task(
            SourceArn=arn_of(dead), MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
        task = self.task(dead)
        self.assertEqual((task["Status"], task["TaskHandle"]), ("RUNNING", handle))
        self.refused("InvalidParameterValue", self.sqs.start_message_move_task,
                     SourceArn=arn_of(dead),
                     message="There is already a task running. Only one active task is allowed for "
                             "a source queue arn at a given time.")
        moved = self.sqs.cancel_message_move_task(
            TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
        task = self.wait_for(dead, "CANCELLED")
        self.assertNotIn("TaskHandle", task)
        self.assertEqual(task["ApproximateNumberOfMessagesMoved"], moved)
        self.assertEqual(self.count(source) + self.count(dead), 8)

    def test_bad_input(self):
        source, dead = self.pair()
        start = self.sqs.start_message_move_task
        self.refused("ResourceNotFoundException", start, SourceArn="nonsense", status=404,
                     message="The resource that you specified for the SourceArn parameter doesn't "
                             "exist.")
        self.refused("ResourceNotFoundException", start, SourceArn=arn_of(dead), status=404,
                     DestinationArn=queue_arn("missing"),
                     message="The resource that you specified for the DestinationArn parameter "
                             "doesn't exist.")
        self.refused("InvalidParameterValue", start, SourceArn=arn_of(source),
                     message="Source queue must be configured as a Dead Letter Queue.")
        for rate in (0, 501):
            self.refused("InvalidParameterValue", start, SourceArn=arn_of(dead),
                         MaxNumberOfMessagesPerSecond=rate)
        for count in (0, 11):
            self.refused("InvalidParameterValue", self.sqs.list_message_move_tasks,
                         SourceArn=arn_of(dead), MaxResults=count)
        self.refused("ResourceNotFoundException", self.sqs.list_message_move_tasks,
                     SourceArn=queue_arn("missing"), status=404)
        cancel = self.sqs.cancel_message_move_task
        self.refused("InvalidParameterValue", cancel, TaskHandle="nonsense",
                     message="Value for parameter TaskHandle is invalid.")
        unknown = base64.b64encode(json.dumps(
            {"taskId": "7d3cb5c4-0000-4000-8000-000000000000",
             "sourceArn": arn_of(dead)}).encode()).decode()
        self.refused("ResourceNotFoundException", cancel, TaskHandle=unknown, status=404,
                     message="Task does not exist.")
        self.assertEqual(self.sqs.list_message_move_tasks(SourceArn=arn_of(dead))["Results"], [])


class MoveTaskRates(ClockTest):
    def test_a_rate_is_kept(self):
        dead = self.queue("dead")
        policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 1})
        self.queue("source", {"RedrivePolicy": policy})
        other = self.queue("other")
        for _ in range(5):
            self.send(dead)
        self.sqs.start_message_move_task(SourceArn=arn_of(dead), DestinationArn=arn_of(other),
                                         MaxNumberOfMessagesPerSecond=1)
        for moved in (2, 4):
            self.advance(2)
            wait_until(lambda: self.attributes(other)["ApproximateNumberOfMessages"] >= str(moved),
                       what=f"{moved} messages to be moved")
            self.assertLess(self.attributes(other)["ApproximateNumberOfMessages"], str(moved + 2))


class MoveTasksAndKills(unittest.TestCase):
    def test_a_task_goes_on_after_kill_9(self):
        broker = Broker()
        self.addCleanup(broker.close)
        broker.start()
        sqs = client("sqs", broker)
        dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        other = sqs.create_queue(QueueName="other")["QueueUrl"]
        policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 1})
        sqs.create_queue(QueueName="source", Attributes={"RedrivePolicy": policy})
        sent = set()
        for number in range(200):
            entries = [{"Id": str(i), "MessageBody": f"{number}-{i}"} for i in range(10)]
            sqs.send_message_batch(QueueUrl=dead, Entries=entries)
            sent.update(entry["MessageBody"] for entry in entries)
        sqs.start_message_move_task(SourceArn=arn_of(dead), DestinationArn=arn_of(other),
                                    MaxNumberOfMessagesPerSecond=500)

        def task():
            return sqs.list_message_move_tasks(SourceArn=arn_of(dead))["Results"][0]

        for share in (200, 700):
            wait_until(lambda: task()["ApproximateNumberOfMessagesMoved"] >= share,
                       what=f"{share} messages to be moved")
            self.assertEqual(task()["Status"], "RUNNING")
            broker.restart()
            sqs = client("sqs", broker)
            other = sqs.get_queue_url(QueueName="other")["QueueUrl"]
        wait_until(lambda: task()["Status"] == "COMPLETED", what="the task to be over")
        self.assertEqual(task()["ApproximateNumberOfMessagesMoved"], 2000)
        received = []
        while messages := sqs.receive_message(
                QueueUrl=other, MaxNumberOfMessages=10).get("Messages"):
            received += [message["Body"] for message in messages]
        self.assertEqual(len(received), 2000)
        self.assertEqual(set(received), sent)
