//! SQS.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_sqs::types::QueueAttributeName::{
    self, ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesDelayed as Delayed,
    ApproximateNumberOfMessagesNotVisible as NotVisible,
};
use futures_util::future::try_join_all;
use relay::shop::Destination;
use relay_aws::{QueueUrls, SqsQueue};

use super::{Aws, failed};
use crate::{
    command::CommandError,
    installation::{QueueCount, Writable},
};

impl Aws {
    /// Both destinations' queues. The numbers are SQS's approximations.
    pub(crate) async fn queues(&self) -> Result<Vec<QueueCount>, CommandError> {
        try_join_all(Destination::ALL.map(|destination| self.count(destination))).await
    }

    async fn count(&self, destination: Destination) -> Result<QueueCount, CommandError> {
        let queue = self.queue_attributes(&format!("{}-{destination}", self.stack)).await?;
        let dead = self.queue_attributes(&format!("{}-{destination}-dlq", self.stack)).await?;
        let number = |attributes: &HashMap<QueueAttributeName, String>, name| {
            attributes.get(&name).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default()
        };
        Ok(QueueCount {
            destination,
            waiting: number(&queue, Visible) + number(&queue, Delayed),
            in_hand: Some(number(&queue, NotVisible)),
            dead: number(&dead, Visible) + number(&dead, Delayed) + number(&dead, NotVisible),
            oldest: None,
        })
    }

    /// The stack's ledger and its queues.
    pub(crate) async fn writable(&self) -> Result<Writable, CommandError> {
        let [websand, websale] = Destination::ALL;
        let name = |destination: Destination, suffix: &str| format!("{}-{destination}{suffix}", self.stack);
        let urls = QueueUrls {
            websand: Some(self.queue_url(&name(websand, "")).await?),
            websale: Some(self.queue_url(&name(websale, "")).await?),
            websand_dlq: Some(self.queue_url(&name(websand, "-dlq")).await?),
            websale_dlq: Some(self.queue_url(&name(websale, "-dlq")).await?),
        };
        Ok(Writable { ledger: self.ledger(), queue: Arc::new(SqsQueue::new(self.queues.clone(), urls)) })
    }

    async fn queue_url(&self, name: &str) -> Result<String, CommandError> {
        let found = self.queues.get_queue_url().queue_name(name).send().await;
        let url = found.map_err(|error| failed(&format!("find the queue {name}"), &error))?.queue_url;
        url.ok_or_else(|| CommandError(format!("cannot find the queue {name}: SQS names no address")))
    }

    /// All attributes of a queue.
    pub(super) async fn queue_attributes(
        &self,
        name: &str,
    ) -> Result<HashMap<QueueAttributeName, String>, CommandError> {
        let url = self.queue_url(name).await?;
        let request = self.queues.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let answer = request.send().await.map_err(|error| failed(&format!("look at the queue {name}"), &error))?;
        Ok(answer.attributes.unwrap_or_default())
    }
}
