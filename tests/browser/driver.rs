//! A browser, driven over WebDriver (W3C) by Debian's chromedriver.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::lines::{Lines, PATIENCE};

/// The key of an element in WebDriver's JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window. Dropping it ends the browser and its driver.
pub(crate) struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
}

/// A driver and its port, if it has found one.
fn driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("chromedriver cannot be started ({error}): scripts/test installs it"));
    let said = Lines::follow(driver.stdout.take().unwrap());
    let port = said.try_wait(|lines| {
        lines.iter().find_map(|line| line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok())
    });
    if port.is_none() {
        let _gone = driver.kill().and_then(|()| driver.wait());
    }
    Some((driver, port?))
}

/// An element of the page that is shown.
#[derive(Debug, Clone)]
pub(crate) struct Element(String);

impl Browser {
    /// Starts one.
    ///
    /// # Panics
    /// There is no chromium on this machine: `scripts/test` installs it.
    pub(crate) fn start(with_scripts: bool) -> Self {
        // It wants one port in both families, and ends when somebody has the one that it chose for IPv6.
        let started = (0..10).find_map(|_| driver());
        let (driver, port) = started.expect("chromedriver finds a port");
        let mut browser = Self { driver, address: SocketAddr::from(([127, 0, 0, 1], port)), session: String::new() };
        let preferences =
            if with_scripts { json!({}) } else { json!({"profile.managed_default_content_settings.javascript": 2}) };
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {
                "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1"],
                "prefs": preferences,
            },
            "goog:loggingPrefs": {"browser": "ALL"},
            // An element that is looked for is waited for.
            "timeouts": {"implicit": 30_000, "script": 30_000},
        }}});
        let session = browser.call("POST", "/session", &wanted);
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// Goes to a page and waits until it is loaded.
    pub(crate) fn visit(&self, address: &str) {
        self.ask("POST", "/url", &json!({"url": address}));
    }

    /// A window that is so wide inside.
    pub(crate) fn widen(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.ask("POST", "/goog/cdp/execute", &json!({"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics}));
    }

    /// The first element that a selector fits, once there is one.
    pub(crate) fn find(&self, selector: &str) -> Element {
        let found = self.ask("POST", "/element", &json!({"using": "css selector", "value": selector}));
        Element(found[ELEMENT].as_str().unwrap().to_owned())
    }

    /// How many elements a selector fits, of those that there must be one of at least.
    pub(crate) fn count(&self, selector: &str) -> usize {
        self.ask("POST", "/elements", &json!({"using": "css selector", "value": selector})).as_array().unwrap().len()
    }

    /// What somebody can read in an element.
    pub(crate) fn text(&self, element: &Element) -> String {
        self.ask("GET", &format!("/element/{}/text", element.0), &Value::Null).as_str().unwrap().to_owned()
    }

    /// Whether somebody can see an element.
    pub(crate) fn sees(&self, element: &Element) -> bool {
        self.ask("GET", &format!("/element/{}/displayed", element.0), &Value::Null) == true
    }

    /// A property of an element.
    pub(crate) fn property(&self, element: &Element, name: &str) -> Value {
        self.ask("GET", &format!("/element/{}/property/{name}", element.0), &Value::Null)
    }

    /// What a script returns, or its promise resolves to.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    /// What the console has to complain of since it was last asked.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        self.ask("POST", "/se/log", &json!({"type": "browser"})).as_array().unwrap().clone()
    }

    /// A picture of the whole page, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let whole = json!({"cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": true, "format": "png"}});
        let picture = self.ask("POST", "/goog/cdp/execute", &whole);
        base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, &format!("{}{path}", self.session), body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let (status, answer) = answer(&mut stream);
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer["value"].clone()
    }
}

/// The status and the document of an answer. The client of the other tests is stricter about heads than this driver.
fn answer(stream: &mut TcpStream) -> (u16, Value) {
    let mut bytes = Vec::new();
    let mut piece = [0; 64 << 10];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length: usize = head.split("content-length:").nth(1).unwrap().lines().next().unwrap().trim().parse().unwrap();
            if body.len() >= length {
                return (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap());
            }
        }
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "chromedriver broke off: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..read]);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.ask("DELETE", "", &Value::Null);
        }
        let _gone = self.driver.kill();
        let _gone = self.driver.wait();
    }
}
