//! Waiting for what the server tells the screens, instead of sleeping.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::broadcast;
use trustcart::live::LiveEvent;

use super::TestApp;

/// Every realtime event since it was made.
pub struct Watch(broadcast::Receiver<Arc<LiveEvent>>);

impl TestApp {
    /// Listens from now on; make it before the request that causes the event.
    pub fn watch(&self) -> Watch {
        Watch(self.state.live.subscribe())
    }
}

impl Watch {
    /// The next event, as its frame.
    pub async fn next(&mut self) -> Value {
        let event = tokio::time::timeout(Duration::from_secs(20), self.0.recv())
            .await
            .expect("an event within 20 seconds")
            .expect("the server still runs");
        serde_json::from_str(&event.frame).expect("a JSON frame")
    }

    /// The data of the first event of a type for which `wanted` holds.
    pub async fn until(&mut self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut frame = self.next().await;
            if frame["type"] == kind && wanted(&frame["data"]) {
                return frame["data"].take();
            }
        }
    }

    /// The call once it has the status.
    pub async fn call(&mut self, id: &Value, status: &str) -> Value {
        let mut data = self
            .until("call.updated", |d| d["call"]["id"] == *id && d["call"]["status"] == status)
            .await;
        data["call"].take()
    }
}
