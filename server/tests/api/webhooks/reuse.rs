//! A PBX that counts its call ids from 1 again: the second caller's call is another one.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use trustcart::auth::{Role, Scope};
use trustcart::calls::service;
use trustcart::calls::store::{self, NewCall};
use trustcart::calls::view::{self, Filter};
use trustcart::db::{PhoneNumber, Sql};
use trustcart::telephony::{Mode, ProviderKind};

use super::{ANSWERED, ENDED, INCOMING, RECORDING, ok, pending_missed};
use crate::support::{TestApp, both, test_now};

const ID: &str = "4711";

/// Number, status, talk time and recording of the calls with the id, oldest first.
async fn calls(app: &TestApp) -> Vec<Value> {
    let mut tx = app.state.db.read().await.expect("reads");
    let list = view::list(&mut tx, Scope::All, &Filter::default(), 200).await.expect("reads");
    let calls = serde_json::to_value(list).expect("serialises");
    let mut calls: Vec<Value> = calls.as_array().expect("a list").clone();
    calls.retain(|call| call["externalCallId"] == ID);
    calls.sort_by_key(|call| call["id"].as_i64());
    calls
        .iter()
        .map(|c| json!([c["customerPhone"], c["status"], c["durationSeconds"], c["recordingUrl"]]))
        .collect()
}

fn row(phone: &str, status: &str, seconds: i64) -> Value {
    json!([format!("+88{phone}"), status, seconds, null])
}

/// The events of a call; `at`: with times.
async fn play(app: &TestApp, phone: &str, seconds: i64, at: Option<DateTime<Utc>>) {
    let stamp = |after: i64, mut event: Value| {
        if let Some(at) = at {
            event["timestamp"] = json!((at + TimeDelta::seconds(after)).to_rfc3339());
        }
        event
    };
    ok(
        app,
        INCOMING,
        stamp(0, json!({"event": "incoming_call", "id": ID, "from": phone, "to_extension": "101"})),
    )
    .await;
    ok(app, ANSWERED, stamp(5, json!({"event": "call_answered", "id": ID}))).await;
    ok(
        app,
        ENDED,
        stamp(5 + seconds, json!({"event": "call_ended", "id": ID, "duration": seconds})),
    )
    .await;
}

both! {
    async fn another_caller_is_another_call(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        play(&app, "01714500101", 10, None).await;
        play(&app, "01714500102", 20, None).await;
        play(&app, "01714500103", 30, None).await;
        let three = [row("01714500101", "completed", 10), row("01714500102", "completed", 20), row("01714500103", "completed", 30)];
        assert_eq!(calls(&app).await, three);
        let log = app.get(&leader, "/api/telephony/webhook-deliveries").await.ok();
        let noted = log["items"].as_array().expect("items").iter().filter(|d| d["notes"][0]["code"] == "reused_id");
        assert_eq!(noted.count(), 2);
        // The first caller's events once more, in any order.
        ok(&app, INCOMING, json!({"event": "incoming_call", "id": ID, "from": "01714500101", "to_extension": "101"})).await;
        assert_eq!(calls(&app).await, three);
    }

    async fn the_same_caller_after_some_minutes_is_another_call(app: TestApp) {
        for stamped in [true, false] {
            let begin = if stamped { test_now() } else { test_now() + TimeDelta::hours(1) };
            let phone = if stamped { "01714500101" } else { "01714500102" };
            for (minutes, seconds) in [(0, 10), (10, 20)] {
                let at = begin + TimeDelta::minutes(minutes);
                app.state.clock.set(at + TimeDelta::seconds(40));
                for _ in 0..2 {
                    play(&app, phone, seconds, stamped.then_some(at)).await;
                }
            }
            let all = calls(&app).await;
            let last_two = &all[all.len() - 2..];
            assert_eq!(last_two, [row(phone, "completed", 10), row(phone, "completed", 20)]);
        }
        assert_eq!(calls(&app).await.len(), 4);
    }

    async fn a_call_left_open_is_closed_when_its_id_is_used_again(app: TestApp) {
        ok(&app, INCOMING, json!({"event": "incoming_call", "id": ID, "from": "01714500101"})).await;
        play(&app, "01714500102", 20, None).await;
        let first = json!(["+8801714500101", "missed", null, null]);
        assert_eq!(calls(&app).await, [first, row("01714500102", "completed", 20)]);
        assert_eq!(pending_missed(&app).await, 1, "the first caller is called back");
    }

    async fn a_late_recording_goes_to_the_call_it_is_of(app: TestApp) {
        play(&app, "01714500101", 10, None).await;
        ok(&app, INCOMING, json!({"event": "incoming_call", "id": ID, "from": "01714500102"})).await;
        let url = "https://pbx.example/1.mp3";
        ok(&app, RECORDING, json!({"event": "call_recording_ready", "id": ID, "recording_url": url})).await;
        let all = calls(&app).await;
        assert_eq!((&all[0][3], &all[1][3]), (&json!(url), &Value::Null));
    }

    async fn a_call_we_make_does_not_swallow_an_old_one_with_its_id(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        play(&app, "01714500101", 10, None).await;
        app.state.clock.set(test_now() + TimeDelta::hours(1));
        let new = NewCall {
            agent: agent.id,
            extension: Some("201".to_owned()),
            phone: PhoneNumber::parse("01714500102").expect("a number"),
            task: None,
            customer: None,
            owner: None,
            provider: ProviderKind::Bracknet,
            mode: Mode::Live,
            external_call_id: None,
            idempotency_key: None,
        };
        let mut tx = app.state.db.begin().await.expect("begins");
        let now = app.state.clock.now();
        let id = store::insert(&mut tx, &new, now, now).await.expect("inserts").expect("free");
        app.state.commit(tx).await.expect("commits");
        service::attach(&app.state, id, ID).await.expect("attached");
        ok(&app, ANSWERED, json!({"event": "call_answered", "id": ID})).await;
        ok(&app, ENDED, json!({"event": "call_ended", "id": ID, "duration": 20})).await;
        assert_eq!(calls(&app).await, [row("01714500101", "completed", 10), row("01714500102", "completed", 20)]);
    }

    async fn only_the_latest_call_of_an_id_is_acted_on_at_the_pbx(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "tl").await;
        let former = Sql::new(
            "SELECT COUNT(*) FROM telephony_calls WHERE former_call_id = $1 AND external_call_id IS NULL",
        );
        play(&app, "01714500101", 10, None).await;
        ok(&app, INCOMING, json!({"event": "incoming_call", "id": ID, "from": "01714500102"})).await;
        assert_eq!(app.number(former.bind(ID)).await, 1);
        let list = app.get(&leader, "/api/telephony/calls?status=ringing").await.ok();
        let hangup = json!({"bracknet_call_id": ID});
        app.post(&leader, "/api/call/hangup", hangup).await.ok();
        let latest = format!("/api/telephony/calls/{}", list["items"][0]["id"]);
        assert_eq!(app.get(&leader, &latest).await.ok()["status"], "missed");
    }
}
