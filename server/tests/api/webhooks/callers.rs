//! Callers and values in every form that PBX software sends: never a lost call.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use trustcart::auth::Role;

use super::{ANSWERED, ENDED, GENERIC, INCOMING, MISSED, call, ok, pending_missed, raw};
use crate::support::{Person, TestApp, both, test_now};

const CALLS: &str = "SELECT COUNT(*) FROM telephony_calls";

/// Code and field of the notes on the newest delivery.
async fn notes(app: &TestApp, who: &Person) -> Vec<(String, Option<String>)> {
    let page = app.get(who, "/api/telephony/webhook-deliveries?limit=1").await.ok();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let noted = |note: &Value| (text(&note["code"]).expect("a code"), text(&note["field"]));
    page["items"][0]["notes"]
        .as_array()
        .map(|notes| notes.iter().map(noted).collect())
        .unwrap_or_default()
}

fn about(code: &str, field: &str) -> Vec<(String, Option<String>)> {
    vec![(code.to_owned(), Some(field.to_owned()))]
}

both! {
    async fn a_caller_in_a_headers_form_is_the_customer(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let customer = app.customer("Rahima", "01714500005", None, Some(&leader)).await;
        for (n, from) in [
            "\"R\" <01714500005>", "sip:01714500005@10.0.0.1", "<sip:+8801714500005@pbx;user=phone>;tag=x",
            "tel:+880-1714-500005", "\u{202d}01714500005\u{202c}", "\"01714500005\" <unknown>",
        ].into_iter().enumerate() {
            let id = format!("BN-{n}");
            ok(&app, MISSED, json!({"event": "call_missed", "bracknet_call_id": id, "from": from})).await;
            let call = call(&app, &id).await;
            assert_eq!((&call["customerId"], &call["status"]), (&json!(customer), &json!("missed")), "{from}");
        }
        assert_eq!(pending_missed(&app).await, 1, "one customer to call back");
    }

    async fn a_withheld_caller_is_a_call_but_nobody_to_call_back(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let withheld = [
            "<unknown>", "asterisk", "private number", "anonymous@anonymous.invalid", "-", "", "Restricted",
            "Unavailable", "0", "sip:anonymous@anonymous.invalid",
        ];
        for (n, from) in withheld.into_iter().enumerate() {
            let id = format!("BN-{n}");
            let event = json!({"event": "call_missed", "bracknet_call_id": id, "from": from});
            ok(&app, if n % 2 == 0 { MISSED } else { GENERIC }, event).await;
            let call = call(&app, &id).await;
            assert_eq!((&call["customerPhone"], &call["status"]), (&json!(""), &json!("missed")), "{from}");
            assert!(notes(&app, &leader).await.is_empty(), "{from}");
        }
        let listed = app.get(&leader, "/api/telephony/calls?status=missed").await.ok();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(withheld.len()));
        assert_eq!(pending_missed(&app).await, 0);
    }

    async fn withheld_callers_without_an_id_are_told_apart_by_time(app: TestApp) {
        let missed = |from: Option<&str>, minute: u32| json!({
            "event": "call_missed", "from": from, "to_extension": "201",
            "timestamp": format!("2026-11-21T04:{minute:02}:00Z"),
        });
        for minute in [20, 20, 22] {
            ok(&app, MISSED, missed(Some("anonymous"), minute)).await;
        }
        ok(&app, MISSED, missed(None, 22)).await;
        assert_eq!(app.number(CALLS).await, 2);
        // And belong to the ringing they are about.
        ok(&app, INCOMING, json!({
            "event": "incoming_call", "id": "BN-1", "from": "unknown", "to_extension": "202",
            "timestamp": "2026-11-21T04:25:00Z",
        })).await;
        ok(&app, MISSED, json!({
            "event": "call_missed", "from": "unknown", "to_extension": "202",
            "timestamp": "2026-11-21T04:25:30Z",
        })).await;
        assert_eq!(app.number(CALLS).await, 3);
        assert_eq!(call(&app, "BN-1").await["status"], "missed");
    }

    async fn extensions_and_short_codes_are_listed_but_not_called_back(app: TestApp) {
        for (n, (from, tasks)) in [("201", 0), ("16247", 0), ("02-9876543", 1)].into_iter().enumerate() {
            let id = format!("BN-{n}");
            ok(&app, MISSED, json!({"event": "call_missed", "bracknet_call_id": id, "from": from})).await;
            let kept: String = from.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(call(&app, &id).await["customerPhone"], json!(kept));
            assert_eq!(pending_missed(&app).await, tasks, "{from}");
        }
    }

    async fn a_caller_nobody_can_read_is_kept_and_noted(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        for (n, from) in [json!("ask his wife"), json!({"n": 1}), json!("9".repeat(40))].into_iter().enumerate() {
            let id = format!("BN-{n}");
            ok(&app, INCOMING, json!({"event": "incoming_call", "bracknet_call_id": id, "from": from})).await;
            assert_eq!(call(&app, &id).await["status"], "ringing");
            assert_eq!(notes(&app, &manager).await, about("unreadable_caller", "from"), "{from}");
        }
    }

    async fn an_end_is_taken_whatever_its_figures(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        for (n, (field, value, seconds, noted)) in [
            ("duration", json!("35"), Some(35), false), ("duration", json!("35.0"), Some(35), false),
            ("duration", json!("00:35"), Some(35), false), ("duration", json!(35.0), Some(35), false),
            ("duration", json!(""), Some(0), false), ("duration", Value::Null, Some(0), false),
            ("duration", json!(-5), Some(0), true), ("duration", json!(9_999_999), Some(0), true),
            ("duration", json!("long"), Some(0), true), ("timestamp", json!(""), Some(0), false),
            ("timestamp", json!("1795234200"), Some(0), false), ("timestamp", json!("soon"), Some(0), true),
            ("timestamp", json!(1_795_234_200_000_i64), Some(0), false),
            ("end_reason", json!({"a": 1}), Some(0), true), ("hold_seconds", json!(-5), Some(0), false),
        ].into_iter().enumerate() {
            let id = format!("BN-{n}");
            let at = "2026-11-21T04:10:00Z";
            ok(&app, INCOMING, json!({"event": "incoming_call", "id": id, "from": format!("018{n:08}"), "timestamp": at})).await;
            ok(&app, ANSWERED, json!({"event": "call_answered", "id": id})).await;
            let mut ended = json!({"event": "call_ended", "id": id});
            ended[field] = value.clone();
            ok(&app, ENDED, ended).await;
            let row = call(&app, &id).await;
            assert_eq!(row["status"], "completed", "{field} {value}");
            assert_eq!(row["durationSeconds"], json!(seconds), "{field} {value}");
            let expected = if noted { about("ignored_value", field) } else { Vec::new() };
            assert_eq!(notes(&app, &manager).await, expected, "{field} {value}");
        }
    }

    async fn bodies_in_other_codings_and_forms_are_read(app: TestApp) {
        // Unsigned, this machine itself may send JSON only.
        let app = app.again_with(&["--insecure-webhooks", "true"]).await;
        let manager = app.person(Role::SalesManager, "manager").await;
        let latin = b"{\"event\":\"call_missed\",\"id\":\"BN-1\",\"from\":\"01714500203\",\"caller_name\":\"Jos\xe9\"}";
        assert!(raw(&app, MISSED, latin.to_vec()).await.status.is_success());
        assert_eq!(notes(&app, &manager).await, [("not_utf8".to_owned(), None)]);
        let payloads: String = app.state.db.read().await.expect("reads")
            .scalar("SELECT CAST(meta AS TEXT) FROM telephony_calls").await.expect("the payload");
        assert!(payloads.contains("Jos\u{e9}") || payloads.contains("Jos\\u00e9"), "{payloads}");

        let marked = b"\xef\xbb\xbf{\"event\":\"call_missed\",\"id\":\"BN-2\",\"from\":\"01714500204\"}";
        assert!(raw(&app, MISSED, marked.to_vec()).await.status.is_success());
        let form = |body: &'static str| {
            let request = app.http.post(format!("{}{GENERIC}", app.base)).body(body);
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8").send()
        };
        let sent = "event=incoming_call&bracknet_call_id=BN-3&from=%2B8801714500205&to_extension=201&queue_name=sales+line";
        assert_eq!(form(sent).await.expect("answers").status(), 200);
        assert_eq!(call(&app, "BN-3").await["customerPhone"], "+8801714500205");
        // What `curl -d` sends.
        let sent = r#"{"event":"call_ended","id":"BN-3"}"#;
        assert_eq!(form(sent).await.expect("answers").status(), 200);
        assert_eq!(call(&app, "BN-3").await["status"], "missed");
        assert_eq!(form("duration=5").await.expect("answers").status(), 422);
        assert_eq!(app.number(CALLS).await, 3);
    }

    async fn a_form_is_applied_again_as_a_form(app: TestApp) {
        // Unsigned, this machine itself may send JSON only.
        let app = app.again_with(&["--insecure-webhooks", "true"]).await;
        let admin = app.person(Role::Admin, "admin").await;
        let request = app.http.post(format!("{}{ENDED}", app.base)).body("id=BN-1&duration=12");
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        assert_eq!(request.send().await.expect("answers").status(), 200);
        let page = app.get(&admin, "/api/telephony/webhook-deliveries").await.ok();
        let replay = format!("/api/telephony/webhook-deliveries/{}/replay", page["items"][0]["id"]);
        assert_eq!(app.post(&admin, &replay, Value::Null).await.ok()["outcome"], "unknown_call");
        assert_eq!(call(&app, "BN-1").await["durationSeconds"], 12);
        assert_eq!(app.number(CALLS).await, 1);
    }

    async fn a_clock_that_is_wrong_is_set_right_and_shown(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let off = app.get(&leader, "/api/telephony/webhook-clock").await.ok();
        assert_eq!(off, json!({}), "nothing to judge by");
        let now = test_now();
        for (n, (path, event)) in [
            (INCOMING, json!({"event": "incoming_call", "from": "01714500301", "to_extension": "201"})),
            (ANSWERED, json!({"event": "call_answered", "agent_extension": "201"})),
            (ENDED, json!({"event": "call_ended", "duration": 35})),
        ].into_iter().enumerate() {
            let mut event = event;
            event["id"] = json!("BN-1");
            let arrives = now + chrono::TimeDelta::seconds([0, 8, 43][n]);
            app.state.clock.set(arrives);
            event["timestamp"] = json!((arrives + chrono::TimeDelta::hours(6)).to_rfc3339());
            ok(&app, path, event).await;
            assert_eq!(notes(&app, &leader).await[0].0, "clock_ahead");
        }
        let call = call(&app, "BN-1").await;
        assert_eq!((&call["startedAt"], &call["endedAt"]), (&json!("2026-11-21T04:30:00Z"), &json!("2026-11-21T04:30:43Z")));
        let off = app.get(&leader, "/api/telephony/webhook-clock").await.ok();
        assert_eq!(off, json!({"offSeconds": 21_600}));
        app.state.clock.set(now + chrono::TimeDelta::hours(2));
        let later = app.person(Role::SalesManager, "later").await;
        let off = app.get(&later, "/api/telephony/webhook-clock").await.ok();
        assert_eq!(off, json!({}), "nothing is left to judge by");
        let agent = app.person(Role::Agent, "agent").await;
        app.get(&agent, "/api/telephony/webhook-clock").await.problem(403, "forbidden");
    }
}
