//! The real template, deployed into the emulator with the nine real binaries.

use std::process::Output;

use relay::shop::Destination;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    aws::{Aws, Json, Query, REGION, Refused, tag},
    binaries::{self, repository},
    emulator::{ACCOUNT, Emulator, ROOT_SECRET},
    package,
    sandbox::Sandbox,
    shop,
    wait::until,
    webhook::{Answer, Webhook},
};

/// The stack's name, which begins the name of everything in it.
pub const NAME: &str = "relay";

/// All functions.
pub const FUNCTIONS: [&str; 9] = [
    "order-placed",
    "order-updated",
    "customer-updated",
    "promotion-scheduled",
    "promotion-cancelled",
    "websand-forwarder",
    "websale-forwarder",
    "promotion-dispatcher",
    "push-status-poller",
];

const BUCKET: &str = "packages";

/// The deployed stack. Tests share it and use a shop each.
#[derive(Debug)]
pub struct Stack {
    /// Where it is deployed.
    pub emulator: &'static Emulator,
    /// WEBSALE and BigCommerce for all shops. For Websand each test has a sandbox of its own: its port is the account's name.
    pub websale: Sandbox,
    api_host: String,
}

static SHARED: OnceCell<Result<Stack, String>> = OnceCell::const_new();

impl Stack {
    /// The test run's stack, deployed by whoever asks first.
    pub async fn shared() -> &'static Self {
        let stack = SHARED.get_or_init(async || {
            let emulator = Emulator::shared().await;
            Self::deploy(emulator).await
        });
        stack.await.as_ref().unwrap_or_else(|reason| panic!("the stack was not deployed: {reason}"))
    }

    /// A client with all rights.
    pub fn root(&self) -> Aws {
        self.emulator.root()
    }

    async fn deploy(emulator: &'static Emulator) -> Result<Self, String> {
        let aws = emulator.root();
        let websale = Sandbox::start(&[]).await;
        upload(&aws).await?;
        let template = std::fs::read_to_string(repository().join("infra/template.yaml")).map_err(|e| e.to_string())?;
        let parameters = [
            ("ArtifactBucket", BUCKET),
            // The account's name is the port of the test's own sandbox.
            ("WebsandUrl", "http://127.0.0.1:{account}"),
            ("WebsaleUrl", &websale.url),
            ("WebsaleLoginUrl", &websale.url),
            ("BigcommerceUrl", &websale.url),
            // Tests invoke both themselves, so that each sees the effect of its own invocation.
            ("ScheduleState", "DISABLED"),
        ];
        let mut input = vec![("StackName", NAME.to_owned()), ("TemplateBody", template)];
        let numbered: Vec<_> = (1..).zip(parameters).collect();
        let names: Vec<_> = numbered
            .iter()
            .flat_map(|(number, (name, value))| {
                let member = format!("Parameters.member.{number}.Parameter");
                [(format!("{member}Key"), (*name).to_owned()), (format!("{member}Value"), (*value).to_owned())]
            })
            .collect();
        input.extend(names.iter().map(|(name, value)| (name.as_str(), value.clone())));
        input.push(("Capabilities.member.1", "CAPABILITY_IAM".to_owned()));
        input.push(("Capabilities.member.2", "CAPABILITY_AUTO_EXPAND".to_owned()));
        let input: Vec<_> = input.iter().map(|(name, value)| (*name, value.as_str())).collect();
        aws.query(Query::CloudFormation, "CreateStack", &input).await.map_err(|refused| format!("{refused:?}"))?;
        let url = deployed(&aws).await?;
        correct_concurrency(&aws).await?;
        allow_callbacks(&aws, &websale).await?;
        let api = url.trim_start_matches("https://").split('.').next().unwrap_or_default();
        Ok(Self { emulator, websale, api_host: format!("{api}.execute-api.localhost") })
    }

    /// Makes a shop: Websand at `websand`, WEBSALE at the shared sandbox under the shop's name as subshop.
    pub async fn add_shop(&self, name: &str, websand: &Sandbox) {
        self.put_secret(&format!("{name}/webhook"), &shop::webhook()).await;
        self.put_secret(&format!("{name}/websand"), &shop::websand(websand.port())).await;
        self.put_secret(&format!("{name}/websale"), &shop::websale(name)).await;
    }

    /// Stores a new secret of a shop.
    pub async fn put_secret(&self, name: &str, value: &Value) {
        let input = json!({"Name": format!("shoprelay/{name}"), "SecretString": value.to_string()});
        self.root().json(Json::SecretsManager, "CreateSecret", &input).await.expect("the secret is new");
    }

    /// Posts a webhook to the deployed HTTP API, over HTTP.
    pub async fn post(&self, shop: &str, endpoint: &str, webhook: &Webhook) -> Answer {
        let url = format!("{}/webhooks/{shop}/{endpoint}", self.emulator.endpoint);
        webhook.post(&url, Some(&self.api_host)).await
    }

    /// Invokes a function with this payload and waits for its result, which must be no error.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Value {
        let path = format!("/2015-03-31/functions/{NAME}-{function}/invocations");
        let result = self.root().call("lambda", "POST", &path, &[], payload.to_string().into_bytes()).await;
        let result: Value =
            serde_json::from_slice(&result.expect("the function can be invoked")).unwrap_or(Value::Null);
        assert!(result.get("errorMessage").is_none(), "{function} failed: {result}");
        result
    }

    /// Invokes dispatcher and poller, as the schedules would.
    pub async fn run_schedules(&self) {
        let text = std::fs::read_to_string(repository().join("events/invocations/schedule.json")).expect("it is there");
        let schedule = serde_json::from_str(&text).expect("it is JSON");
        self.invoke("promotion-dispatcher", &schedule).await;
        self.invoke("push-status-poller", &schedule).await;
    }

    /// Runs an operator's command: the real binary, with credentials from the environment.
    pub async fn command(&self, websand: &Sandbox, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(binaries::path("shoprelay"));
        command.args(arguments).args(["--stack", NAME]).env_clear();
        for (name, value) in [
            ("AWS_ENDPOINT_URL", self.emulator.endpoint.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", ACCOUNT),
            ("AWS_SECRET_ACCESS_KEY", ROOT_SECRET),
            ("SHOPRELAY_WEBSAND_URL", "http://127.0.0.1:{account}"),
            ("SHOPRELAY_WEBSALE_URL", &self.websale.url),
            ("SHOPRELAY_WEBSALE_LOGIN_URL", &websand.url),
        ] {
            command.env(name, value);
        }
        command.output().await.expect("the command runs")
    }

    /// Dead letters that could be received now, with `body`, `reason`, `status` and `detail`; they stay.
    pub async fn dead_letters(&self, destination: Destination) -> Vec<Value> {
        let messages = self.messages(&format!("{}-dlq", destination.name())).await;
        let letter = |message: &Value| {
            let attribute = |name: &str| message["MessageAttributes"][name]["StringValue"].clone();
            let status = attribute("status").as_str().and_then(|status| status.parse::<u16>().ok());
            json!({"body": message["Body"], "reason": attribute("reason"), "status": status,
                "detail": attribute("detail")})
        };
        messages.iter().map(letter).collect()
    }

    /// The URL of one of the stack's queues (`websand`, `websand-dlq` …).
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{NAME}-{name}", self.emulator.endpoint)
    }

    /// Waits until the queue has nothing more in it, seen or unseen.
    pub async fn drained(&self, queue: &str) {
        let input = json!({"QueueUrl": self.queue_url(queue), "AttributeNames": ["All"]});
        let empty = async || {
            let answer = self.root().json(Json::Sqs, "GetQueueAttributes", &input).await.expect("the queue is there");
            let count = |name: &str| answer["Attributes"][name].as_str().map(str::to_owned);
            let counts = [count("ApproximateNumberOfMessages"), count("ApproximateNumberOfMessagesNotVisible")];
            counts.iter().all(|count| count.as_deref() == Some("0")).then_some(())
        };
        until("the queue is empty", empty).await;
    }

    /// The messages of a queue that could be received now; they stay.
    pub async fn messages(&self, queue: &str) -> Vec<Value> {
        let input = json!({"QueueUrl": self.queue_url(queue), "MaxNumberOfMessages": 10, "VisibilityTimeout": 0,
            "MessageAttributeNames": ["All"]});
        let answer = self.root().json(Json::Sqs, "ReceiveMessage", &input).await.expect("the queue is there");
        answer["Messages"].as_array().cloned().unwrap_or_default()
    }

    /// The ledger's item of this key.
    pub async fn row(&self, key: &str) -> Option<Value> {
        let input = json!({"TableName": format!("{NAME}-ledger"), "Key": {"pk": {"S": key}}, "ConsistentRead": true});
        let answer = self.root().json(Json::DynamoDb, "GetItem", &input).await.expect("the ledger can be read");
        let row = answer.get("Item")?["row"]["S"].as_str()?;
        Some(serde_json::from_str(row).expect("a row is JSON"))
    }

    /// Waits until the ledger's row of this key is in this state, and gives it.
    pub async fn settled(&self, key: &str, state: &str) -> Value {
        let row = async || self.row(key).await.filter(|row| row["state"] == state);
        until(&format!("{key} is {state}"), row).await
    }
}

async fn upload(aws: &Aws) -> Result<(), String> {
    let refused = |refused: Refused| format!("{refused:?}");
    let configuration = format!(
        "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
    );
    aws.call("s3", "PUT", &format!("/{BUCKET}"), &[], configuration.into_bytes()).await.map_err(refused)?;
    let packing = FUNCTIONS.map(|name| tokio::task::spawn_blocking(move || (name, package::function(name))));
    for package in packing {
        let (name, zip) = package.await.map_err(|error| error.to_string())?;
        aws.call("s3", "PUT", &format!("/{BUCKET}/{name}.zip"), &[], zip).await.map_err(refused)?;
    }
    Ok(())
}

/// Waits until the stack is complete and gives the address of its API.
async fn deployed(aws: &Aws) -> Result<String, String> {
    let input = [("StackName", NAME)];
    let answer = until("the stack is complete", async || {
        let answer = aws.query(Query::CloudFormation, "DescribeStacks", &input).await.ok()?;
        tag(&answer, "StackStatus").filter(|status| !status.ends_with("IN_PROGRESS"))?;
        Some(answer)
    });
    let answer = answer.await;
    if tag(&answer, "StackStatus") != Some("CREATE_COMPLETE") {
        let events = aws.query(Query::CloudFormation, "DescribeStackEvents", &input).await;
        return Err(format!("{answer}\n{events:?}"));
    }
    tag(&answer, "OutputValue").map(str::to_owned).ok_or_else(|| "no output".into())
}

/// The template lets status callbacks go to public addresses only, and the sandbox has none.
async fn allow_callbacks(aws: &Aws, sandbox: &Sandbox) -> Result<(), String> {
    let failed = |refused: Refused| format!("{refused:?}");
    let path = format!("/2015-03-31/functions/{NAME}-push-status-poller/configuration");
    let found = aws.call("lambda", "GET", &path, &[], Vec::new()).await.map_err(failed)?;
    let found: Value = serde_json::from_slice(&found).map_err(|error| error.to_string())?;
    let mut environment = found["Environment"].clone();
    environment["Variables"]["SHOPRELAY_CALLBACK_ALLOW"] = json!(sandbox.url.trim_start_matches("http://"));
    let input = json!({"Environment": environment});
    aws.call("lambda", "PUT", &path, &[], input.to_string().into_bytes()).await.map_err(failed)?;
    Ok(())
}

/// The emulator keeps a number that came from a parameter as text, which its pollers then cannot compare. AWS makes it a
/// number.
async fn correct_concurrency(aws: &Aws) -> Result<(), String> {
    const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
    let failed = |refused: Refused| format!("{refused:?}");
    let list = aws.call("lambda", "GET", MAPPINGS, &[], Vec::new()).await.map_err(failed)?;
    let list: Value = serde_json::from_slice(&list).map_err(|error| error.to_string())?;
    for mapping in list["EventSourceMappings"].as_array().into_iter().flatten() {
        let Some(text) = mapping["ScalingConfig"]["MaximumConcurrency"].as_str() else { continue };
        let number: u32 = text.parse().map_err(|_| format!("not a number: {mapping}"))?;
        let path = format!("{MAPPINGS}/{}", mapping["UUID"].as_str().unwrap_or_default());
        let input = json!({"ScalingConfig": {"MaximumConcurrency": number}});
        aws.call("lambda", "PUT", &path, &[], input.to_string().into_bytes()).await.map_err(failed)?;
    }
    Ok(())
}
