//! `subscriptions/listen` (MCP basic/patterns/subscriptions): lists and texts of this server stay as
//! they are while it runs, so that no change is ever told of. A client that listens learns that from
//! the acknowledgement, and from the result when the stream ends.

use rmcp::{ErrorData, service::SubscriptionContext};

use super::Server;

impl Server {
    /// Keeps the stream until its client leaves, the server stops, or it is old: what is open for
    /// ever would never notice that its client has gone.
    pub(super) async fn listened(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        tokio::select! {
            () = context.cancelled() => {}
            () = self.shared.calls.stopped() => {}
            () = tokio::time::sleep(self.shared.max_stream_age) => {}
        }
        Ok(())
    }
}
