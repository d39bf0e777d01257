use super::*;
#[test]
fn probe() {
    for text in std::fs::read_to_string("/tmp/probe.txt").unwrap().split("=====\n") {
        let snapshot = Snapshot { root: "routes.yaml".into(), text: text.into(), files: Default::default(), env: [("PORT".to_owned(), "80x".to_owned())].into() };
        println!("{text}-----");
        match load(&snapshot) { Ok(_) => println!("ok\n"), Err((source, problems)) => println!("{}", Report::new(&source, &problems)) }
    }
}
