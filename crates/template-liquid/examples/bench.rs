use std::time::Instant;
use sync_core::ports::*;
use sync_core::sync::*;
fn main() {
    let e = template_liquid::LiquidTemplates::new();
    let data = r#"{"properties":{"external_id":"{{ person.id }}","firstname":"{{ person.first_name }}","lastname":"{{ person.last_name }}","email":"{{ person.email | downcase }}","phone":"{{ person.phone }}","company":"{{ person.organizations }}","city":"{{ person.custom.plan }}","country":"{{ person.language | upcase }}","fullname":"{{ person.first_name }} {{ person.last_name }}"}}"#;
    let s = RuleSource {
        operation: Operation::Update,
        method: Method::Put,
        url: "https://crm.example.com/people/{{ unique_id }}".into(),
        headers: vec![],
        data: Some(data.into()),
        format: BodyFormat::Json,
        ssl_verification: true,
        timeout: std::time::Duration::from_secs(10),
    };
    let r = e.compile(&s).ok().unwrap();
    let p = e.sample_person();
    let id = sync_core::link::UniqueId::text("abc").unwrap();
    let c = RenderContext { person: &p, unique_id: Some(&id), idempotency_key: Default::default(), sync_name: "x" };
    let mut best = f64::MAX;
    for _ in 0..50 {
        let t = Instant::now();
        for _ in 0..2000 {
            std::hint::black_box(r.render(&c).unwrap());
        }
        best = best.min(t.elapsed().as_secs_f64() / 2000.0);
    }
    println!("render url+body: {:.2} us", best * 1e6);
    let mut best = f64::MAX;
    for _ in 0..20 {
        let t = Instant::now();
        for _ in 0..50 {
            std::hint::black_box(e.compile(&s).ok().unwrap());
        }
        best = best.min(t.elapsed().as_secs_f64() / 50.0);
    }
    println!("compile: {:.1} us", best * 1e6);
}
