//! The same edit on the same documents, by the engine and by its peers, interleaved: in every element of `/data`,
//! rename `customer` to `customer_id`, remove `legacy_flag`, add `currency_code`.
//!
//! `cargo run --release` prints medians of GB/s of input and the ratios; `-- ours 65536 20000` runs one alone, for
//! `perf` and callgrind.

mod memory;

use std::hint::black_box;
use std::time::{Duration, Instant};

use sunward::json::{
    Collision, Literal, Mode, OnError, Op, MigrateOptions, Pattern, Pointer, Program, Rewriter, Step,
};

type Run = Box<dyn Fn(&[u8]) -> usize>;

fn document(bytes: usize) -> Vec<u8> {
    let mut text = br#"{"data":["#.to_vec();
    let mut id = 0;
    while text.len() < bytes.saturating_sub(200) || id == 0 {
        if id > 0 {
            text.push(b',');
        }
        text.extend_from_slice(
            format!(
                r#"{{"id":{},"customer":"cus_{:08}","status":"shipped","total":{}.{:02},"legacy_flag":true,"items":[{{"sku":"SKU-{:05}","qty":{},"price":19.90}},{{"sku":"SKU-{:05}","qty":1,"price":5.00}}],"address":{{"street":"{} Long Street","city":"Springfield","zip":"{:05}"}},"note":"leave at the door, ring twice","created":"2026-01-02T03:04:05Z"}}"#,
                9_007_199_254_740_993u64 + id, id * 7919 % 100_000_000, id * 31 % 1000, id % 100, id % 99_999, id % 9 + 1,
                id * 3 % 99_999, id % 500, id * 17 % 99_999
            )
            .as_bytes(),
        );
        id += 1;
    }
    text.extend_from_slice(b"]}");
    text
}

fn step(op: Op) -> Step {
    Step {
        resource: Pattern::parse("/data/*").expect("a pattern"),
        each: Pattern::root(),
        when: None,
        op,
        on_error: OnError::Fail,
        constant: false,
        partial: false,
        change: 0,
    }
}

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).expect("a pointer")
}

fn rename(from: &str, to: &str) -> Step {
    step(Op::Rename { object: Pointer::ROOT, from: from.into(), to: to.into(), collision: Collision::Replace })
}

fn relocate(from: &str, to: &str) -> Step {
    step(Op::Move { from: pointer(from), to: pointer(to), collision: Collision::Replace })
}

fn job() -> Vec<Step> {
    vec![
        rename("customer", "customer_id"),
        step(Op::Drop { at: pointer("/legacy_flag"), prune: false }),
        step(Op::Add { at: pointer("/currency_code"), value: Literal::string("EUR") }),
    ]
}

/// The job, spread over so many versions that rename there and back.
fn chain(versions: usize) -> Vec<Step> {
    let mut steps = job();
    for version in 1..versions {
        let (from, to) = if version % 2 == 1 { ("status", "state") } else { ("state", "status") };
        steps.push(rename(from, to));
    }
    steps
}

fn ours(steps: Vec<Step>) -> Run {
    let program = Program::new(&steps, Mode::Whole);
    Box::new(move |text| program.rewrite(text, &MigrateOptions::default().with_max_bytes(usize::MAX)).expect("JSON").body.len())
}

fn streamed(steps: Vec<Step>) -> Run {
    let program = Program::new(&steps, Mode::Whole);
    Box::new(move |text| {
        let mut rewriter = Rewriter::new(&program, &MigrateOptions::default());
        let (mut out, mut total) = (Vec::with_capacity(128 << 10), 0);
        for chunk in text.chunks(64 << 10) {
            rewriter.feed(chunk, &mut out).expect("JSON");
            total += out.len();
            out.clear();
        }
        rewriter.finish(&mut out).expect("JSON");
        total + out.len()
    })
}

fn serde_value() -> Run {
    Box::new(|text| {
        let mut value: serde_json::Value = serde_json::from_slice(text).expect("JSON");
        for element in value["data"].as_array_mut().expect("a list") {
            let element = element.as_object_mut().expect("an object");
            if let Some(customer) = element.remove("customer") {
                element.insert("customer_id".to_owned(), customer);
            }
            element.remove("legacy_flag");
            element.entry("currency_code").or_insert_with(|| "EUR".into());
        }
        serde_json::to_vec(&value).expect("JSON").len()
    })
}

fn json_patch() -> Run {
    Box::new(|text| {
        let mut value: serde_json::Value = serde_json::from_slice(text).expect("JSON");
        let patch: json_patch::Patch = serde_json::from_str(
            r#"[{"op":"move","from":"/customer","path":"/customer_id"},{"op":"remove","path":"/legacy_flag"},{"op":"add","path":"/currency_code","value":"EUR"}]"#,
        )
        .expect("a patch");
        for element in value["data"].as_array_mut().expect("a list") {
            json_patch::patch(element, &patch).expect("it applies");
        }
        serde_json::to_vec(&value).expect("JSON").len()
    })
}

fn simd_value() -> Run {
    use simd_json::prelude::*;
    Box::new(|text| {
        let mut copy = text.to_vec();
        let mut value = simd_json::to_borrowed_value(&mut copy).expect("JSON");
        for element in value["data"].as_array_mut().expect("a list") {
            if let Ok(Some(customer)) = element.remove("customer") {
                element.insert("customer_id", customer).expect("an object");
            }
            element.remove("legacy_flag").expect("an object");
            if element.get("currency_code").is_none() {
                element.insert("currency_code", "EUR").expect("an object");
            }
        }
        value.encode().len()
    })
}

fn sonic_value() -> Run {
    use sonic_rs::JsonValueMutTrait;
    Box::new(|text| {
        let mut value: sonic_rs::Value = sonic_rs::from_slice(text).expect("JSON");
        for element in value["data"].as_array_mut().expect("a list").iter_mut() {
            let element = element.as_object_mut().expect("an object");
            if let Some(customer) = element.get(&"customer").cloned() {
                element.remove(&"customer");
                element.insert("customer_id", customer);
            }
            element.remove(&"legacy_flag");
            if !element.contains_key(&"currency_code") {
                element.insert("currency_code", "EUR");
            }
        }
        sonic_rs::to_vec(&value).expect("JSON").len()
    })
}

/// How many allocations a document takes, and how much is alive at most while 16 MiB stream: neither may grow with the
/// number of members.
fn check_memory() {
    for bytes in [1 << 10, 64 << 10, 1 << 20] {
        let text = document(bytes);
        let run = ours(job());
        let (_, used) = memory::watch(|| run(&text));
        println!("{} bytes: {} allocations", text.len(), used.allocations);
        assert!(used.allocations <= 16, "allocations grow with the document");
    }
    let (text, run) = (document(16 << 20), streamed(job()));
    let (_, used) = memory::watch(|| run(&text));
    println!("{} bytes in 64 KiB chunks: {} allocations, {} bytes alive at most", text.len(), used.allocations, used.peak);
    assert!(used.peak < 256 << 10, "what is held grows with the document");
    // A key or number cut by a chunk's end may take a few, a member none.
    assert!(used.allocations < 4 * (text.len() as u64 >> 16), "members allocate");
}

fn measure(run: &Run, text: &[u8], budget: Duration) -> f64 {
    let started = Instant::now();
    let mut times = 0u32;
    while started.elapsed() < budget {
        black_box(run(black_box(text)));
        times += 1;
    }
    f64::from(times) * text.len() as f64 / started.elapsed().as_secs_f64() / 1e9
}

fn median(mut list: Vec<f64>) -> f64 {
    list.sort_by(f64::total_cmp);
    list[list.len() / 2]
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [who, bytes, times] = &args[..] {
        let text = document(bytes.parse().expect("a number"));
        let run = contenders().into_iter().find(|(name, _)| name == who).expect("a contender").1;
        for _ in 0..times.parse::<usize>().expect("a number") {
            black_box(run(black_box(&text)));
        }
        return;
    }
    check_memory();
    for bytes in [1 << 10, 64 << 10, 1 << 20, 16 << 20] {
        let text = document(bytes);
        let contenders = contenders();
        let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
        for _ in 0..7 {
            for (at, (_, run)) in contenders.iter().enumerate() {
                rounds[at].push(measure(run, &text, Duration::from_millis(if bytes > 2 << 20 { 300 } else { 60 })));
            }
        }
        let speeds: Vec<f64> = rounds.into_iter().map(median).collect();
        let serde = speeds[contenders.iter().position(|(name, _)| name == "serde_json Value").expect("there")];
        println!("{} bytes", text.len());
        for ((name, _), speed) in contenders.iter().zip(&speeds) {
            println!("  {name:28} {speed:8.3} GB/s  {:6.2} x serde_json", speed / serde);
        }
    }
}

fn contenders() -> Vec<(String, Run)> {
    let list: Vec<(&str, Run)> = vec![
        ("ours", ours(job())),
        ("ours, 64 KiB chunks", streamed(job())),
        ("ours, nothing touched", ours(vec![rename("zzz", "yyy")])),
        ("ours, 5 versions", ours(chain(5))),
        ("ours, 20 versions", ours(chain(20))),
        ("ours, 200 versions", ours(chain(200))),
        ("ours, a move", ours(vec![relocate("/note", "/address/note")])),
        ("ours, a move to a sibling", ours(vec![relocate("/note", "/remark")])),
        ("serde_json Value", serde_value()),
        ("serde_json IgnoredAny", Box::new(|text| usize::from(serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()))),
        ("json-patch on Value", json_patch()),
        ("simd-json borrowed", simd_value()),
        ("sonic-rs Value", sonic_value()),
        ("memcpy", Box::new(|text| black_box(text.to_vec()).len())),
    ];
    list.into_iter().map(|(name, run)| (name.to_owned(), run)).collect()
}
