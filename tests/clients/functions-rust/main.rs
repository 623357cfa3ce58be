//! The runtime library of Rust: a handler of lambda_runtime, as the worker of a function.
use lambda_runtime::{service_fn, Error, LambdaEvent};
use serde_json::{json, Value};
use std::env;
use std::panic::catch_unwind;
use std::process::{Child, Command};

const ACCOUNT: &str = "000000000000";

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    if event.payload["fails"] == json!(true) {
        return Err("no such order".into());
    }
    Ok(json!({ "id": event.payload["id"], "arn": event.context.invoked_function_arn,
               "request_id": event.context.request_id }))
}

fn endpoint() -> String {
    env::var("AWS_ENDPOINT_URL").expect("AWS_ENDPOINT_URL says where the broker is")
}

fn post(path: &str, body: Value) -> ureq::Response {
    ureq::post(&format!("{}{}", endpoint(), path)).send_json(body).expect(path)
}

/// A worker, which is this program; killed when it is dropped.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn function(name: &str) -> Worker {
    post("/2015-03-31/functions", json!({
        "FunctionName": name, "Role": format!("arn:aws:iam::{ACCOUNT}:role/r"), "Timeout": 10,
        "PackageType": "Image", "Code": { "ImageUri": "attached" } }));
    let arn = format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}");
    let port: Value = post("/_signalbox/runtime-port", json!({ "function_arn": arn }))
        .into_json()
        .expect("an answer");
    let child = Command::new(env::current_exe().expect("this program"))
        .arg("handler")
        .env("AWS_LAMBDA_RUNTIME_API", port["runtime_api"].as_str().expect("an address"))
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "group")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
        .spawn()
        .expect("a worker");
    Worker(child)
}

fn invoke(name: &str, payload: Value) -> (Option<String>, Value) {
    let answer = post(&format!("/2015-03-31/functions/{name}/invocations"), payload);
    let failed = answer.header("x-amz-function-error").map(String::from);
    (failed, answer.into_json().expect("an answer"))
}

fn a_handler_answers_with_its_context() {
    let _worker = function("rust-echo");
    let (failed, answer) = invoke("rust-echo", json!({ "id": 7 }));
    assert_eq!((failed, &answer["id"]), (None, &json!(7)));
    assert_eq!(answer["arn"], format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:rust-echo"));
}

fn an_error_is_a_function_error() {
    let _worker = function("rust-fail");
    let (failed, answer) = invoke("rust-fail", json!({ "fails": true }));
    assert_eq!(failed.as_deref(), Some("Unhandled"));
    assert_eq!(answer["errorMessage"], "no such order");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if env::args().nth(1).as_deref() == Some("handler") {
        return lambda_runtime::run(service_fn(handle)).await;
    }
    let tests: [(&str, fn()); 2] = [
        ("a handler answers, with its context", a_handler_answers_with_its_context),
        ("an error is a function error", an_error_is_a_function_error),
    ];
    let failed = tests.iter().filter(|(name, body)| {
        let passed = catch_unwind(body).is_ok();
        println!("{}  {name}", if passed { "ok  " } else { "FAIL" });
        !passed
    }).count();
    println!("{} passed, {failed} failed", tests.len() - failed);
    std::process::exit(i32::from(failed > 0));
}
