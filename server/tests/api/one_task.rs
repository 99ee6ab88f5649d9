//! One open task for a customer and day, whatever asks for it (SPEC §4.5).

mod upgrade;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use trustcart::db::{CustomerId, Sql, TaskId};
use trustcart::tasks::store::{Missed, missed_call};

use crate::support::{Person, TestApp, both};

const TASKS: &str = "/api/crm/automation/tasks";
const GENERATE: &str = "/api/crm/team/ops/generate-calls";
const DESK: &str = "/api/crm/desk";
const INCOMING: &str = "/api/webhook/bracknet/incoming-call";
const ANSWERED: &str = "/api/webhook/bracknet/call-answered";
const ENDED: &str = "/api/webhook/bracknet/call-ended";

/// Customers with several open tasks a day, and numbers nobody knows.
const TWICE: &str = "SELECT COUNT(*) FROM (
    SELECT 1 FROM crm_call_tasks WHERE status IN ('pending', 'in_progress')
    GROUP BY task_date, customer_id, CASE WHEN customer_id IS NULL THEN phone END
    HAVING COUNT(*) > 1) twice";

fn status_of(task: impl std::fmt::Display) -> String {
    format!("{TASKS}/{task}/status")
}

async fn task(app: &TestApp, who: &Person, id: impl std::fmt::Display) -> Value {
    app.get(who, &format!("{TASKS}/{id}")).await.ok()
}

fn kinds(task: &Value) -> Vec<&str> {
    let points = task["talkingPoints"].as_array().expect("points").iter();
    points.map(|point| point["kind"].as_str().expect("a kind")).collect()
}

fn notes(task: &Value) -> Vec<&str> {
    let points = task["talkingPoints"].as_array().expect("points").iter();
    points.filter_map(|point| point["reason"]["params"]["note"].as_str()).collect()
}

/// Nobody took the customer's call.
async fn miss(app: &TestApp, customer: Option<CustomerId>, phone: &str) -> TaskId {
    let mut tx = app.state.db.begin().await.expect("begins");
    let (now, today) = (app.state.clock.now(), app.state.clock.today());
    let missed = Missed { call: None, phone, customer, agent: None };
    let task = missed_call(&mut tx, now, today, &missed).await.expect("runs").expect("a task");
    app.state.commit(tx).await.expect("commits");
    task
}

async fn hook(app: &TestApp, path: &str, body: Value) {
    let answer = app.request(reqwest::Method::POST, path, None, Some(body)).await;
    assert_eq!(answer.status, 200, "{path}");
}

/// The phone of a customer made by `due_customer`.
async fn phone(app: &TestApp, customer: CustomerId) -> String {
    let sql = Sql::new("SELECT phone FROM customers WHERE id = $1").bind(customer);
    app.state.db.read().await.expect("reads").scalar(sql).await.expect("a phone")
}

/// A customer calls an agent's extension, who takes the call.
async fn takes(app: &TestApp, call: &str, from: &str, extension: &str) {
    hook(app, INCOMING, json!({"bracknet_call_id": call, "from": from, "to_extension": extension}))
        .await;
    hook(app, ANSWERED, json!({"bracknet_call_id": call, "agent_extension": extension})).await;
}

async fn ends(app: &TestApp, call: &str) {
    let body = json!({"bracknet_call_id": call, "duration": 20, "end_reason": "completed"});
    hook(app, ENDED, body).await;
}

both! {
    async fn what_is_asked_by_hand_joins_the_open_task_and_the_strongest_leads(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let planned = app.open_task(customer).await;
        for (kind, note, leads) in [
            ("birthday", "cake", "reminder"),
            ("follow_up", "price of ghee", "follow_up"),
            ("complaint", "late", "complaint"),
            ("complaint", "late", "complaint"),
            ("complaint", "broken jar", "complaint"),
            ("missed_call", "rang at noon", "complaint"),
        ] {
            let body = json!({"customerId": customer, "kind": kind, "notes": note});
            let answer = app.post(&floor.lead, TASKS, body).await;
            assert_eq!(answer.status, 200, "{kind}");
            let joined = answer.ok();
            assert_eq!((&joined["id"], &joined["joined"]), (&json!(planned), &json!(true)));
            assert_eq!(joined["kind"], leads);
        }
        let now = task(&app, &floor.a, planned).await;
        assert_eq!(kinds(&now), ["complaint", "follow_up", "reminder", "birthday", "complaint", "missed_call"]);
        assert_eq!(notes(&now), ["late", "price of ghee", "cake", "broken jar", "rang at noon"]);
        assert_eq!((&now["priority"], &now["scriptKey"]), (&json!(1), &json!("complaint")));
        assert_eq!(now["notes"], "cake\nprice of ghee\nlate\nbroken jar\nrang at noon");
        // What a person wants is not given up with the plan's work.
        assert_eq!(now["origin"], "manual");
        let other_day = json!({"customerId": customer, "taskDate": "2026-11-23"});
        assert_eq!(app.post(&floor.lead, TASKS, other_day).await.status, 201, "another day is another task");
        let again = app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!(again["created"], 0);
    }

    async fn a_promise_keeps_its_hour_and_its_agent(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        let asked = app.post(&floor.lead, TASKS, json!({"customerId": customer, "agentId": floor.a.id})).await.ok();
        let promise = json!({
            "status": "completed", "outcome": "follow_up", "followUpAt": "2026-11-21T10:00:00Z", "notes": "honey",
        });
        app.put(&floor.a, &status_of(&asked["id"]), promise).await.ok();
        let promised = app.open_task(customer).await;
        let body = json!({"customerId": customer, "kind": "complaint", "dueAt": "2026-11-21T05:00:00Z", "agentId": floor.d.id});
        let joined = app.post(&floor.lead, TASKS, body).await.ok();
        assert_eq!((&joined["id"], &joined["kind"]), (&json!(promised), &json!("complaint")));
        assert_eq!((&joined["dueAt"], &joined["promised"]), (&json!("2026-11-21T10:00:00Z"), &json!(true)));
        assert_eq!(joined["assignedTo"], json!(floor.a.id));
        // Who called is called back now, not only at the hour promised.
        assert_eq!(miss(&app, Some(customer), "+8801711111111").await, promised);
        let other = app.due_customer(2, &floor.lead).await;
        app.post(&floor.lead, TASKS, json!({"customerId": other, "agentId": floor.a.id})).await.ok();
        let now = task(&app, &floor.a, promised).await;
        assert_eq!(kinds(&now), ["complaint", "follow_up", "missed_call"]);
        assert_eq!(now["dueAt"], "2026-11-21T10:00:00Z");
    }

    async fn a_promise_takes_over_the_task_planned_for_that_day(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        let tomorrow = json!({"customerId": customer, "kind": "offer_followup", "taskDate": "2026-11-22", "agentId": floor.d.id});
        let tomorrow = app.post(&floor.lead, TASKS, tomorrow).await.ok();
        let asked = app.post(&floor.lead, TASKS, json!({"customerId": customer, "agentId": floor.a.id})).await.ok();
        let promise = json!({"status": "completed", "outcome": "follow_up", "followUpAt": "2026-11-22T10:00:00Z"});
        app.put(&floor.a, &status_of(&asked["id"]), promise.clone()).await.ok();
        app.put(&floor.a, &status_of(&asked["id"]), promise).await.ok();
        let now = task(&app, &floor.a, &tomorrow["id"]).await;
        assert_eq!((&now["dueAt"], &now["promised"], &now["kind"]), (&json!("2026-11-22T10:00:00Z"), &json!(true), &json!("follow_up")));
        assert_eq!(kinds(&now), ["follow_up", "offer_followup"]);
        assert_eq!(app.number("SELECT COUNT(*) FROM crm_call_tasks").await, 2);
        app.get(&floor.d, &format!("{TASKS}/{}", tomorrow["id"])).await.problem(404, "task_not_found");
    }

    async fn a_missed_call_joins_and_leaves_again_if_it_was_taken(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let planned = app.open_task(customer).await;
        let from = phone(&app, customer).await;
        let at = json!({"bracknet_call_id": "BN-1", "from": from, "to_extension": "nobody", "timestamp": "2026-11-21T04:20:00Z"});
        hook(&app, "/api/webhook/bracknet/call-missed", at).await;
        let now = task(&app, &floor.a, planned).await;
        assert_eq!((kinds(&now), &now["kind"], &now["scriptKey"]), (vec!["missed_call", "reminder"], &json!("missed_call"), &json!("missedCall")));
        // Its answer was told later than its miss.
        hook(&app, ANSWERED, json!({"bracknet_call_id": "BN-1", "agent_extension": "nobody", "timestamp": "2026-11-21T04:20:05Z"})).await;
        ends(&app, "BN-1").await;
        let now = task(&app, &floor.a, planned).await;
        assert_eq!((kinds(&now), &now["kind"], &now["status"]), (vec!["reminder"], &json!("reminder"), &json!("pending")));
        // Days later an unfinished task of before is still the one.
        app.state.clock.set("2026-11-22T04:30:00Z".parse().expect("an instant"));
        assert_eq!(miss(&app, Some(customer), &from).await, planned);
    }

    async fn an_unknown_number_has_one_task_a_day_that_becomes_the_customers(app: TestApp) {
        let floor = app.floor().await;
        let first = miss(&app, None, "+8801999999999").await;
        assert_eq!(miss(&app, None, "+8801999999999").await, first);
        assert_ne!(miss(&app, None, "+8801999999998").await, first);
        let known = app.customer("Rahima", "01999999999", Some(&floor.a), Some(&floor.lead)).await;
        let joined = app.post(&floor.lead, TASKS, json!({"customerId": known, "notes": "new"})).await.ok();
        assert_eq!((&joined["id"], &joined["customerName"]), (&json!(first), &json!("Rahima")));
        assert_eq!(app.number(TWICE).await, 0);
    }

    async fn what_joins_a_task_in_work_is_planned_again_when_it_is_closed(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let planned = app.open_task(customer).await;
        app.put(&floor.a, &status_of(planned), json!({"status": "in_progress"})).await.ok();
        app.state.clock.set("2026-11-21T04:31:00Z".parse().expect("an instant"));
        let body = json!({"customerId": customer, "kind": "complaint", "notes": "broken jar"});
        let joined = app.post(&floor.lead, TASKS, body).await.ok();
        assert_eq!((&joined["id"], &joined["kind"]), (&json!(planned), &json!("reminder")), "the script stays during the talk");
        miss(&app, Some(customer), "+8801711111111").await;
        let done = json!({"status": "completed", "outcome": "not_interested"});
        app.put(&floor.a, &status_of(planned), done.clone()).await.ok();
        app.put(&floor.a, &status_of(planned), done).await.ok();
        let rest = app.open_task(customer).await;
        let rest = task(&app, &floor.a, rest).await;
        assert_eq!((kinds(&rest), notes(&rest)), (vec!["complaint", "missed_call"], vec!["broken jar"]));
        assert_eq!((&rest["status"], &rest["assignedTo"]), (&json!("pending"), &json!(floor.a.id)));
        // Put back, the reasons are reasons like any other.
        app.put(&floor.a, &status_of(&rest["id"]), json!({"status": "in_progress"})).await.ok();
        let body = json!({"customerId": customer, "kind": "complaint", "notes": "and late"});
        app.post(&floor.lead, TASKS, body).await.ok();
        app.put(&floor.a, &status_of(&rest["id"]), json!({"status": "pending"})).await.ok();
        app.put(&floor.a, &status_of(&rest["id"]), json!({"status": "completed", "outcome": "not_interested"})).await.ok();
        assert_eq!(app.number("SELECT COUNT(*) FROM crm_call_tasks WHERE status IN ('pending', 'in_progress')").await, 0);
    }

    async fn a_talk_with_who_called_is_the_work_on_the_open_task(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let planned = app.open_task(customer).await;
        let from = phone(&app, customer).await;
        let extension = floor.d.extension.clone().expect("an extension");
        let mut watch = app.watch();
        takes(&app, "BN-1", &from, &extension).await;
        let told = watch.until("call.updated", |data| data["call"]["status"] == "answered").await;
        assert_eq!(told["call"]["taskId"], json!(planned));
        let desk = app.get(&floor.d, DESK).await.ok();
        assert_eq!((&desk["active"]["task"]["id"], &desk["wrapUps"][0]["state"]), (&json!(planned), &json!("calling")));
        assert_eq!(app.get(&floor.a, &format!("{TASKS}/today")).await.ok()["counts"]["total"], 0);
        ends(&app, "BN-1").await;
        let desk = app.get(&floor.d, DESK).await.ok();
        assert_eq!((&desk["wrapUps"][0]["state"], &desk["agent"]["status"]), (&json!("wrap_up"), &json!("wrap_up")));
        // "Record outcome" of an older window does not add a second task.
        let body = json!({"customerId": customer, "kind": "follow_up"});
        assert_eq!(app.post(&floor.lead, TASKS, body).await.ok()["id"], json!(planned));
        app.put(&floor.d, &status_of(planned), json!({"status": "completed", "outcome": "not_interested"})).await.ok();
        let now = task(&app, &floor.d, planned).await;
        assert!(now["callSummary"].as_str().is_some_and(|line| line.contains("completed 0:20")), "{now:#}");
        assert_eq!(now["notes"], Value::Null, "nobody wrote anything");
        let page = app.get(&floor.lead, &format!("/api/cdm/customer360/{customer}")).await.ok();
        assert_eq!(page["tasks"][0]["callSummary"], now["callSummary"]);
    }

    async fn a_talk_without_an_open_task_makes_one(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.customer("Rahima", "01712345678", Some(&floor.a), Some(&floor.lead)).await;
        let extension = floor.a.extension.clone().expect("an extension");
        takes(&app, "BN-1", "01712345678", &extension).await;
        ends(&app, "BN-1").await;
        ends(&app, "BN-1").await;
        let made = task(&app, &floor.a, app.open_task(customer).await).await;
        assert_eq!(made["talkingPoints"][0]["text"]["en"], "The customer called");
        assert_eq!((&made["status"], &made["callIds"].as_array().map(Vec::len)), (&json!("in_progress"), &Some(1)));
        // Told in another order, and by somebody nobody knows.
        ends(&app, "BN-2").await;
        takes(&app, "BN-2", "01812345678", &extension).await;
        let unknown = app.number("SELECT id FROM crm_call_tasks WHERE customer_id IS NULL AND status = 'in_progress'").await;
        assert_eq!(task(&app, &floor.a, unknown).await["phone"], "+8801812345678");
        let desk = app.get(&floor.a, DESK).await.ok();
        let states: Vec<&Value> = desk["wrapUps"].as_array().expect("wrap-ups").iter().map(|w| &w["state"]).collect();
        assert_eq!(states, ["wrap_up", "wrap_up"]);
    }

    async fn a_colleagues_unfinished_wrap_up_is_not_taken_away(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let planned = app.open_task(customer).await;
        app.put(&floor.a, &format!("{DESK}/wrap-ups/{planned}"), json!({"notes": "two kilos"})).await.ok();
        let from = phone(&app, customer).await;
        takes(&app, "BN-1", &from, &floor.d.extension.clone().expect("an extension")).await;
        ends(&app, "BN-1").await;
        let desk = app.get(&floor.a, DESK).await.ok();
        assert_eq!((&desk["wrapUps"][0]["taskId"], &desk["wrapUps"][0]["notes"]), (&json!(planned), &json!("two kilos")));
        assert_eq!(app.get(&floor.d, DESK).await.ok()["wrapUps"], json!([]));
    }

    async fn a_call_that_waits_for_its_outcome_is_not_made_again_unless_the_agent_says_so(app: TestApp) {
        let floor = app.floor().await;
        let customer = app.due_customer(1, &floor.lead).await;
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        let planned = app.open_task(customer).await;
        // Notes typed before the first call are no obstacle.
        app.put(&floor.a, &format!("{DESK}/wrap-ups/{planned}"), json!({"notes": "two kilos"})).await.ok();
        let mut watch = app.watch();
        let initiate = "/api/telephony/calls/initiate";
        let call = app.post(&floor.a, initiate, json!({"taskId": planned})).await.ok();
        let id = &call["telephonyCallId"];
        watch.until("call.updated", |d| d["call"]["id"] == *id && d["call"]["endedAt"].is_string()).await;
        app.post(&floor.a, initiate, json!({"taskId": planned})).await.problem(409, "wrap_up_open");
        let contract = json!({"crm_call_id": planned});
        app.post(&floor.a, "/api/call/start", contract).await.problem(409, "wrap_up_open");
        assert_eq!(app.number("SELECT COUNT(*) FROM telephony_calls").await, 1);
        app.post(&floor.a, initiate, json!({"taskId": planned, "callAgain": true})).await.ok();
    }

    async fn however_many_ask_at_once_there_is_one_open_task(app: TestApp) {
        let floor = app.floor().await;
        let mut customers = Vec::new();
        for n in 1..=6 {
            customers.push(app.due_customer(n, &floor.lead).await);
        }
        let (app, floor) = (&app, &floor);
        let by_hand = customers.iter().flat_map(|customer| {
            (0..4).map(move |n| async move {
                let body = json!({"customerId": customer, "kind": "complaint", "notes": format!("note {n}")});
                app.post(&floor.lead, TASKS, body).await.ok();
            })
        });
        let missed = customers.iter().map(|customer| async move {
            miss(app, Some(*customer), "+8801711111111").await;
        });
        let plans = (0..3).map(|_| async {
            app.post(&floor.lead, GENERATE, json!({})).await.ok();
        });
        tokio::join!(
            futures::future::join_all(by_hand),
            futures::future::join_all(missed),
            futures::future::join_all(plans),
        );
        // What a plan could not add, because somebody was faster, the next one adds.
        app.post(&floor.lead, GENERATE, json!({})).await.ok();
        assert_eq!(app.number(TWICE).await, 0);
        for customer in customers {
            let id = app.open_task(customer).await;
            let now = app.get(&floor.lead, &format!("{TASKS}/{id}")).await.ok();
            let mut said = notes(&now);
            said.sort_unstable();
            assert_eq!(said, ["note 0", "note 1", "note 2", "note 3"]);
            assert_eq!(now["kind"], "complaint");
            for kind in ["missed_call", "reminder"] {
                assert!(kinds(&now).contains(&kind), "{kind}: {now:#}");
            }
        }
    }

    async fn whatever_happens_to_customers_nothing_is_open_twice_and_no_word_is_lost(app: TestApp) {
        let floor = app.floor().await;
        let mut rng = StdRng::seed_from_u64(38);
        let mut customers = Vec::new();
        for n in 1..=4 {
            customers.push(app.due_customer(n, &floor.lead).await);
        }
        let days = ["2026-11-21", "2026-11-22", "2026-11-23"];
        let agents = [&floor.a, &floor.d];
        let mut said: Vec<String> = Vec::new();
        for step in 0..120 {
            let customer = customers[rng.random_range(0..customers.len())];
            let open: Vec<(i64, i64)> = {
                let sql = "SELECT id, assigned_to FROM crm_call_tasks
                           WHERE status IN ('pending', 'in_progress') AND task_date = $1 ORDER BY id";
                let mut tx = app.state.db.read().await.expect("reads");
                tx.all(Sql::new(sql).bind(app.state.clock.today())).await.expect("tasks")
            };
            let note = format!("word {step}.");
            match rng.random_range(0..6) {
                0 | 1 => {
                    let kind = ["complaint", "follow_up", "birthday"][rng.random_range(0..3)];
                    let day = days[rng.random_range(0..days.len())];
                    let agent = agents[rng.random_range(0..2)].id;
                    let body = json!({"customerId": customer, "kind": kind, "taskDate": day, "notes": note, "agentId": agent});
                    app.post(&floor.lead, TASKS, body).await.ok();
                    said.push(note);
                }
                2 => {
                    miss(&app, Some(customer), "+8801711111111").await;
                }
                3 => {
                    app.post(&floor.lead, GENERATE, json!({})).await.ok();
                }
                _ => {
                    let Some((id, _)) = open.first() else { continue };
                    let body = match rng.random_range(0..4) {
                        0 => json!({"status": "in_progress"}),
                        1 => json!({"status": "completed", "outcome": "no_response"}),
                        2 => json!({"status": "completed", "outcome": "not_interested", "notes": note}),
                        _ => {
                            let day = days[rng.random_range(0..days.len())];
                            let at = format!("{day}T{:02}:00:00Z", rng.random_range(5..15));
                            json!({"status": "completed", "outcome": "follow_up", "followUpAt": at, "notes": note})
                        }
                    };
                    let kept = body["notes"].is_string();
                    app.put(&floor.lead, &status_of(id), body).await.ok();
                    if kept {
                        said.push(note);
                    }
                }
            }
            assert_eq!(app.number(TWICE).await, 0, "after step {step}");
        }
        let all: Vec<(String,)> = {
            let mut tx = app.state.db.read().await.expect("reads");
            tx.all("SELECT COALESCE(notes, '') || CAST(talking_points AS TEXT) FROM crm_call_tasks").await.expect("reads")
        };
        for word in said {
            assert!(all.iter().any(|(text,)| text.contains(&word)), "{word} is lost");
        }
    }
}
