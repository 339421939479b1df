//! SQS.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName::{
    self, ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesDelayed as Delayed,
    ApproximateNumberOfMessagesNotVisible as NotVisible,
};
use futures_util::future::try_join_all;
use relay::shop::Destination;

use super::{Aws, failed};
use crate::{command::CommandError, installation::QueueCount};

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

    /// All attributes of a queue.
    pub(super) async fn queue_attributes(
        &self,
        name: &str,
    ) -> Result<HashMap<QueueAttributeName, String>, CommandError> {
        let found = self.queues.get_queue_url().queue_name(name).send().await;
        let url = found.map_err(|error| failed(&format!("find the queue {name}"), &error))?.queue_url;
        let request = self.queues.get_queue_attributes().set_queue_url(url).attribute_names(QueueAttributeName::All);
        let answer = request.send().await.map_err(|error| failed(&format!("look at the queue {name}"), &error))?;
        Ok(answer.attributes.unwrap_or_default())
    }
}
