//! The process tree of the shipped binary: workers that are killed, a master that is told to go, a master that is killed, and
//! starts that cannot succeed.

#[path = "../support/mod.rs"]
mod support;

mod drills;
mod killing;
mod leaving;
mod logging;
mod orphans;
mod starting;

use std::sync::Arc;

use support::fault::{Act, Faults, reply};
use support::gateway::{Gateway, Setup};
use support::http::Client;
use tokio::sync::Notify;

const SHOP: &str = "
upstreams:
  shop: {url: 'demo:', envelope: mall}
routes:
  - route: GET /detail/{id}
    call: GET shop:/api/items/{path.id}
";

const GOOD: &str = "GET /detail/1 HTTP/1.1\r\nHost: shop.example\r\n\r\n";

/// Workers may die as often as a test wants.
const RESILIENT: &str = "cluster: {restart: {limit: 1000, within: 60s, backoff: 10ms..20ms}}\n";

fn shop() -> Setup {
    Setup::new(&format!("{RESILIENT}{SHOP}"))
}

/// A backend that has read a request and answers it when it is told to, and a client that waits for it.
struct UnderWay {
    gateway: Gateway,
    client: Client,
    release: Arc<Notify>,
}

impl UnderWay {
    async fn begin() -> Self {
        Self::begin_with("").await
    }

    /// With more lines at the top of routes.yaml.
    async fn begin_with(top: &str) -> Self {
        let release = Arc::new(Notify::new());
        let answer = reply("Content-Type: application/json\r\n", "{\"late\":true}");
        let backend = Faults::new(vec![vec![Act::Read, Act::Wait(Arc::clone(&release)), Act::Send(answer)]]);
        let address = backend.listen().await;
        let upstream = format!("upstreams:\n  late: {{url: 'http://{address}', timeout: {{first_byte: 60s, total: 60s}}}}\n");
        let routes = top.to_owned()
            + &SHOP.replace("upstreams:\n", &upstream)
            + "  - route: GET /late\n    call: late:/\n    timeout: 60s\n";
        let gateway = Setup::new(&routes).start();
        let mut client = gateway.connect();
        client.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
        backend.read(1).await;
        Self { gateway, client, release }
    }

    /// Lets the backend answer, and reads the whole answer.
    fn finish(&mut self) {
        self.release.notify_one();
        let answer = self.client.read();
        assert_eq!((answer.status, answer.text().as_str(), answer.cut), (200, "{\"late\":true}", false));
        assert_eq!(answer.header("connection"), Some("close"));
    }
}
