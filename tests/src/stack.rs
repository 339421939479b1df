//! The real template, deployed into the emulator with the nine real binaries.

use std::{collections::BTreeMap, process::Output};

use relay::shop::Destination;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::{
    aws::{Aws, Json, REGION},
    binaries::{self, repository},
    emulator::{ACCOUNT, Emulator, ROOT_SECRET},
    recorder::Hidden,
    sandbox::Sandbox,
    shop,
    wait::until,
    webhook::{Answer, Webhook, hex},
};

mod deployment;

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

/// A deployed stack. Tests share one and use a shop each.
#[derive(Debug)]
pub struct Stack {
    /// Where it is deployed.
    pub emulator: &'static Emulator,
    /// The stack's name, which begins the name of everything in it.
    pub name: &'static str,
    /// WEBSALE and BigCommerce for all shops. For Websand each test has a sandbox of its own: its port is the account's name.
    pub websale: Sandbox,
    /// What the names of its secrets begin with.
    pub prefix: &'static str,
    outputs: BTreeMap<String, String>,
}

/// The second stack's key.
const KEY: (&str, &str) = ("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c-0000-4000-8000-000000000000");

static SHARED: OnceCell<Result<Stack, String>> = OnceCell::const_new();
static SECOND: OnceCell<Result<Stack, String>> = OnceCell::const_new();

impl Stack {
    /// The test run's stack, deployed by whoever asks first. Its schedules are off: tests invoke both functions
    /// themselves, so that each sees the effect of its own invocation.
    pub async fn shared() -> &'static Self {
        let stack = SHARED.get_or_init(|| Self::deploy("relay", "shoprelay/", &[("ScheduleState", "DISABLED")]));
        stack.await.as_ref().unwrap_or_else(|reason| panic!("the stack was not deployed: {reason}"))
    }

    /// A second stack, which is everything that the first one is not: webhooks come in through an address for each
    /// function, all is encrypted with a key of the owner's, and the schedules are on.
    pub async fn second() -> &'static Self {
        let stack = SECOND.get_or_init(|| {
            Self::deploy("second", "second/", &[("SecretPrefix", "second/"), ("Ingress", "FunctionUrls"), KEY])
        });
        stack.await.as_ref().unwrap_or_else(|reason| panic!("the second stack was not deployed: {reason}"))
    }

    /// A client with all rights.
    pub fn root(&self) -> Aws {
        self.emulator.root()
    }

    async fn deploy(name: &'static str, prefix: &'static str, parameters: &[(&str, &str)]) -> Result<Self, String> {
        let emulator = Emulator::shared().await;
        let websale = Sandbox::start(&[]).await;
        let addresses = [
            // The account's name is the port of the test's own sandbox.
            ("WebsandUrl", "http://127.0.0.1:{account}"),
            ("WebsaleUrl", websale.url.as_str()),
            ("WebsaleLoginUrl", &websale.url),
            ("BigcommerceUrl", &websale.url),
        ];
        let outputs = deployment::deploy(&emulator.root(), name, &[&addresses, parameters].concat()).await?;
        deployment::allow_callbacks(&emulator.root(), name, &websale).await?;
        Ok(Self { emulator, name, websale, prefix, outputs })
    }

    /// Makes a shop: Websand at `websand`, WEBSALE at the shared sandbox under the shop's name as subshop.
    pub async fn add_shop(&self, name: &str, websand: &Sandbox) {
        self.put_secret(&format!("{name}/webhook"), &shop::webhook()).await;
        self.put_secret(&format!("{name}/websand"), &shop::websand(websand.port())).await;
        self.put_secret(&format!("{name}/websale"), &shop::websale(name)).await;
    }

    /// Stores a new secret of a shop.
    pub async fn put_secret(&self, name: &str, value: &Value) {
        let input = json!({"Name": format!("{}{name}", self.prefix), "SecretString": value.to_string()});
        self.root().json(Json::SecretsManager, "CreateSecret", &input).await.expect("the secret is new");
    }

    /// Posts a webhook over HTTP to where the stack says that webhooks go.
    pub async fn post(&self, shop: &str, endpoint: &str, webhook: &Webhook) -> Answer {
        let output = self.outputs.get("ApiUrl").or_else(|| self.outputs.get(&format!("{}Url", logical(endpoint))));
        let address = output.unwrap_or_else(|| panic!("no address of {endpoint} among {:?}", self.outputs));
        // The emulator knows its HTTP APIs by the first two labels of AWS's names only.
        let host = address.trim_start_matches("https://").trim_end_matches('/');
        let host = host.replace(".execute-api.eu-west-1.amazonaws.com", ".execute-api.localhost");
        webhook.post(&format!("{}/webhooks/{shop}/{endpoint}", self.emulator.endpoint), Some(&host)).await
    }

    /// Invokes a function with this payload and waits for its result, which must be no error.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Value {
        let path = format!("/2015-03-31/functions/{}-{function}/invocations", self.name);
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

    /// The name that the resource with this logical name got.
    pub async fn physical(&self, logical: &str) -> String {
        deployment::physical(&self.root(), self.name, logical).await.expect("the stack has the resource")
    }

    /// The access key that the emulator gives this function, which it derives from function and role.
    pub async fn access_key(&self, function: &str) -> String {
        let path = format!("/2015-03-31/functions/{}-{function}/configuration", self.name);
        let found = self.root().call("lambda", "GET", &path, &[], Vec::new()).await.expect("the function is there");
        let found: Value = serde_json::from_slice(&found).expect("the answer is JSON");
        let text = |name: &str| found[name].as_str().expect("a function has it").to_owned();
        let digest = hex(&Sha256::digest(format!("{}:{}", text("FunctionArn"), text("Role"))));
        format!("ASIA{}", digest[..16].to_uppercase())
    }

    /// Runs an operator's command: the real binary, with credentials from the environment.
    pub async fn command(&self, websand: &Sandbox, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(binaries::path("shoprelay"));
        command.args(arguments).args(["--stack", self.name]).env_clear();
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
        format!("{}/{ACCOUNT}/{}-{name}", self.emulator.endpoint, self.name)
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

    /// The messages of a queue that its forwarder has put off for minutes.
    pub fn put_off(&self, queue: &str) -> Vec<Hidden> {
        self.emulator.recorder.hidden(&format!("{}-{queue}", self.name), 300)
    }

    /// Lets such messages come back now.
    pub async fn show(&self, hidden: &[Hidden]) {
        for Hidden { queue, receipt, .. } in hidden {
            let queue = format!("{}/{ACCOUNT}/{queue}", self.emulator.endpoint);
            let input = json!({"QueueUrl": queue, "ReceiptHandle": receipt, "VisibilityTimeout": 0});
            self.root().json(Json::Sqs, "ChangeMessageVisibility", &input).await.expect("it is still there");
        }
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
        let input =
            json!({"TableName": format!("{}-ledger", self.name), "Key": {"pk": {"S": key}}, "ConsistentRead": true});
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

/// The logical name in the template of what is called `like-this` outside.
pub fn logical(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capital).collect()
}
