//! Customers: entered, changed, found, shown, assigned.

mod pins;
mod shown;

use serde_json::{Value, json};
use trustcart::auth::Role;
use trustcart::db::{CustomerId, Sql};

use crate::support::shop::order;
use crate::support::{Person, TestApp, both};

/// The names of a list of customers.
async fn names(app: &TestApp, who: &Person, query: &str) -> Vec<String> {
    let page = app.get(who, &format!("/api/cdm/customers?{query}")).await.ok();
    let items = page["items"].as_array().expect("items");
    items.iter().map(|c| c["name"].as_str().expect("a name").to_owned()).collect()
}

both! {
    async fn a_customer_is_entered_and_changed_field_by_field(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let answer = app.post(&admin, "/api/cdm/customers", json!({
            "name": " রহিমা বেগম ", "phone": "০১৭১২ ৩৪৫৬৭৮", "phones": ["01812345678", "+880 1812-345678"],
            "email": "rahima@example.test", "district": "ঢাকা", "birthday": "1990-05-14",
            "gender": "female", "greeting": "apu", "language": "bn",
            "consent": {"call": true, "sms": false}, "tags": ["wholesale", "Dhaka", "wholesale"],
        })).await;
        assert_eq!(answer.status, 201);
        let made = answer.ok();
        assert_eq!(made["name"], "রহিমা বেগম");
        assert_eq!(made["phone"], "+8801712345678");
        assert_eq!(made["phones"], json!(["+8801812345678"]));
        assert_eq!(made["consent"], json!({"call": true, "sms": false, "whatsapp": true, "email": true}));
        assert_eq!(made["tags"], json!(["Dhaka", "wholesale"]));
        assert_eq!(made["segment"], "new+normal");
        assert_eq!(made["lifecycleStage"], "prospect");
        let path = format!("/api/cdm/customers/{}", made["id"]);
        // Absent stays, null clears, a value replaces.
        let changed = app.patch(&admin, &path, json!({
            "email": null, "district": "সিলেট", "name": "Rahima Khatun", "phones": [],
        })).await.ok();
        assert_eq!(changed["email"], Value::Null);
        assert_eq!(changed["district"], "Sylhet");
        assert_eq!(changed["birthday"], "1990-05-14");
        assert_eq!(changed["greeting"], "apu");
        assert_eq!(changed["phones"], json!([]));
        assert_eq!(app.get(&admin, &path).await.ok(), changed);
        assert_eq!(names(&app, &admin, "q=khat").await, ["Rahima Khatun"]);
        assert!(names(&app, &admin, "q=%E0%A6%AC%E0%A7%87%E0%A6%97%E0%A6%AE").await.is_empty());
    }

    async fn do_not_call_needs_a_reason_and_keeps_its_date(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let id = app.customer("Karim", "01712345678", None, None).await;
        let task = app.task(id, &admin, "2026-11-21", "pending").await;
        let path = format!("/api/cdm/customers/{id}");
        app.patch(&admin, &path, json!({"doNotCall": true})).await
            .problem(422, "do_not_call_reason_required");
        assert_eq!(app.get(&admin, &path).await.ok()["doNotCall"], false);
        let said = json!({"doNotCall": true, "doNotCallReason": "asked us to stop"});
        let marked = app.patch(&admin, &path, said).await.ok();
        assert_eq!(marked["doNotCallAt"], "2026-11-21T04:30:00Z");
        let mut tx = app.state.db.read().await.expect("reads");
        let status: String = tx
            .scalar(Sql::new("SELECT status FROM crm_call_tasks WHERE id = $1").bind(task))
            .await.expect("the task");
        assert_eq!(status, "cancelled");
        drop(tx);
        app.state.clock.set(app.state.clock.now() + chrono::TimeDelta::minutes(5));
        let later = app.patch(&admin, &path, json!({"city": "Uttara"})).await.ok();
        assert_eq!(later["doNotCallAt"], marked["doNotCallAt"]);
        assert_eq!(names(&app, &admin, "doNotCall=true").await, ["Karim"]);
        let lifted = app.patch(&admin, &path, json!({"doNotCall": false})).await.ok();
        assert_eq!((&lifted["doNotCallAt"], &lifted["doNotCallReason"]), (&Value::Null, &Value::Null));
    }

    async fn a_number_belongs_to_one_customer_in_any_spelling(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let first = json!({"name": "A", "phone": "01712345678", "phones": ["01812345678"]});
        app.post(&admin, "/api/cdm/customers", first).await.ok();
        for (phone, phones, field) in [
            ("+880 1712-345678", vec![], "phone"),
            ("8801812345678", vec![], "phone"),
            ("01912345678", vec!["1712345678"], "phones[0]"),
        ] {
            let body = json!({"name": "B", "phone": phone, "phones": phones});
            let problem = app.post(&admin, "/api/cdm/customers", body).await.problem(409, "phone_taken");
            assert_eq!(problem["field"], field);
        }
        let other = app.customer("B", "01912345678", None, None).await;
        let path = format!("/api/cdm/customers/{other}");
        app.patch(&admin, &path, json!({"phone": "01812345678"})).await.problem(409, "phone_taken");
        app.patch(&admin, &path, json!({"phone": "01912345679", "phones": ["01912345678"]})).await.ok();
        assert_eq!(names(&app, &admin, "").await, ["B", "A"]);
    }

    async fn what_makes_no_sense_is_refused(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        for (name, value, code) in [
            ("name", json!("  "), "required"),
            ("name", json!("x".repeat(121)), "too_long"),
            ("phone", json!("12"), "invalid_phone"),
            ("phone", json!(""), "phone_required"),
            ("phones", json!(["01712345678", "ask"]), "invalid_phone"),
            ("email", json!("no address"), "invalid_email"),
            ("birthday", json!("2027-01-01"), "invalid_date"),
            ("birthday", json!("1990-13-01"), "invalid_field"),
            ("greeting", json!("king"), "invalid_field"),
            ("referrerId", json!(99), "unknown_referrer"),
            ("totalSpend", json!(1), "invalid_field"),
        ] {
            let mut body = json!({"name": "A", "phone": "01712345678"});
            body[name] = value;
            app.post(&admin, "/api/cdm/customers", body).await.problem(422, code);
        }
        app.post(&admin, "/api/cdm/customers", json!({"name": "A"})).await.problem(422, "phone_required");
        app.get(&admin, "/api/cdm/customers/99").await.problem(404, "customer_not_found");
        app.get(&admin, "/api/cdm/customers?purchaseStage=old").await.problem(400, "invalid_query");
        app.get(&admin, "/api/cdm/customers?assignedTo=me").await.problem(422, "invalid_value");
        assert!(names(&app, &admin, "").await.is_empty());
    }

    async fn every_filter_narrows_and_pages_join(app: TestApp) {
        let leader = app.person(Role::TeamLeader, "leader").await;
        let admin = app.person(Role::Admin, "admin").await;
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        let products = app.products().await;
        let asma = app.customer("Asma Akter", "01711111111", Some(&agent), Some(&leader)).await;
        let babul = app.customer("Babul Mia", "01722222222", None, Some(&leader)).await;
        app.customer("Chameli", "01733333333", None, None).await;
        let buy = async |id: &str, who: CustomerId, day: &str, product: usize, packs: i64| {
            let body = order(id, json!({"id": who}), day, &[(products[product], packs)]);
            app.post(&admin, "/api/cdm/orders", body).await.ok();
        };
        buy("1", asma, "2026-11-01", 0, 1).await;
        buy("2", asma, "2026-11-15", 1, 60).await;
        buy("3", babul, "2026-07-01", 3, 1).await;
        app.patch(&admin, &format!("/api/cdm/customers/{babul}"), json!({"district": "Sylhet"})).await.ok();
        app.post(&admin, &format!("/api/cdm/customers/{asma}/notes"), json!({"text": "hello"})).await.ok();
        let rice = app.category("rice").await;
        for (query, want) in [
            (String::new(), vec!["Chameli", "Babul Mia", "Asma Akter"]),
            ("q=akt".into(), vec!["Asma Akter"]),
            ("q=mia%20bab".into(), vec!["Babul Mia"]),
            ("q=01722".into(), vec!["Babul Mia"]),
            ("q=%2B8801722222222".into(), vec!["Babul Mia"]),
            ("purchaseStage=repeat_2".into(), vec!["Asma Akter"]),
            ("valueStage=vip".into(), vec!["Asma Akter"]),
            ("lifecycleStage=churned".into(), vec!["Babul Mia"]),
            ("temperature=hot".into(), vec!["Asma Akter"]),
            ("district=Sylhet".into(), vec!["Babul Mia"]),
            ("district=সিলেট".into(), vec!["Babul Mia"]),
            (format!("boughtProductId={}", products[3]), vec!["Babul Mia"]),
            (format!("boughtCategoryId={rice}"), vec!["Babul Mia", "Asma Akter"]),
            ("lastContactBefore=2026-11-21".into(), vec!["Chameli", "Babul Mia"]),
            ("lastContactBefore=2026-11-22".into(), vec!["Chameli", "Babul Mia", "Asma Akter"]),
            (format!("assignedTo={}", agent.id), vec!["Asma Akter"]),
            ("assignedTo=none&doNotCall=false".into(), vec!["Chameli", "Babul Mia"]),
            ("lifecycleStage=prospect&temperature=cold".into(), vec!["Chameli"]),
        ] {
            assert_eq!(names(&app, &admin, &query).await, want, "{query}");
        }
        let first = app.get(&admin, "/api/cdm/customer360?limit=2").await.ok();
        let cursor = first["nextCursor"].as_str().expect("more");
        let rest = app.get(&admin, &format!("/api/cdm/customer360?limit=2&cursor={cursor}")).await.ok();
        assert_eq!(rest["items"][0]["name"], "Asma Akter");
        assert_eq!(rest["nextCursor"], Value::Null);
    }

    async fn everybody_sees_their_own_rows_only(app: TestApp) {
        let (leader, other_leader) =
            (app.person(Role::TeamLeader, "leader").await, app.person(Role::TeamLeader, "other").await);
        let team = app.team("A", &leader).await;
        let agent = app.agent("agent", team, &leader, "201").await;
        let colleague = app.agent("colleague", team, &leader, "202").await;
        let support = app.person(Role::Support, "support").await;
        app.customer("Own", "01711111111", Some(&agent), Some(&leader)).await;
        app.customer("Colleague's", "01722222222", Some(&colleague), None).await;
        let queued = app.customer("Queued", "01733333333", None, Some(&leader)).await;
        let done = app.customer("Done today", "01744444444", None, Some(&leader)).await;
        let past = app.customer("Done yesterday", "01755555555", None, Some(&leader)).await;
        app.customer("Elsewhere", "01766666666", None, Some(&other_leader)).await;
        for (customer, day, status) in [
            (queued, "2026-11-19", "pending"), (done, "2026-11-21", "completed"), (past, "2026-11-20", "completed"),
        ] {
            app.task(customer, &agent, day, status).await;
        }
        let seen = async |who: &Person| names(&app, who, "").await;
        assert_eq!(seen(&agent).await, ["Done today", "Queued", "Own"]);
        assert_eq!(seen(&colleague).await, ["Colleague's"]);
        assert_eq!(seen(&leader).await, ["Done yesterday", "Done today", "Queued", "Colleague's", "Own"]);
        assert_eq!(seen(&other_leader).await, ["Elsewhere"]);
        assert_eq!(seen(&support).await.len(), 6);
        for path in ["customers", "customer360"] {
            app.get(&agent, &format!("/api/cdm/{path}/{past}")).await.problem(404, "customer_not_found");
            app.get(&agent, &format!("/api/cdm/{path}/{done}")).await.ok();
        }
        for path in ["intelligence", "recommendations"] {
            app.get(&agent, &format!("/api/crm/automation/{path}/{past}")).await.problem(404, "customer_not_found");
        }
        app.patch(&agent, &format!("/api/cdm/customers/{past}"), json!({"name": "x"})).await
            .problem(404, "customer_not_found");
        app.post(&agent, &format!("/api/cdm/customers/{past}/notes"), json!({"text": "x"})).await
            .problem(404, "customer_not_found");
        let found = app.get(&agent, "/api/cdm/search?q=017").await.ok();
        assert_eq!(found["items"].as_array().map(Vec::len), Some(3));
    }

    async fn customers_and_orders_are_found_by_what_people_say(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        let id = app.customer("মোঃ রহিম উদ্দিন", "01712345678", None, None).await;
        app.patch(&admin, &format!("/api/cdm/customers/{id}"), json!({"phones": ["01899999999"]})).await.ok();
        let mut body = order("77", json!({"id": id}), "2026-11-01", &[(products[0], 1)]);
        body["orderNo"] = json!("WC-5012");
        app.post(&admin, "/api/cdm/orders", body).await.ok();
        let generated = app.post(&admin, "/api/cdm/orders",
            order("78", json!({"id": id}), "2026-11-02", &[(products[0], 1)])).await.ok();
        app.customer("Rahima Begum", "01911111111", None, None).await;
        let own = generated["orderNo"].as_str().expect("a number").to_owned();
        for (q, name, matched) in [
            ("রহি", "মোঃ রহিম উদ্দিন", "name"), ("উদ্দিন রহিম", "মোঃ রহিম উদ্দিন", "name"),
            ("RAHI", "Rahima Begum", "name"), ("begum rah", "Rahima Begum", "name"),
            ("01712-345678", "মোঃ রহিম উদ্দিন", "phone"), ("০১৭১২", "মোঃ রহিম উদ্দিন", "phone"),
            ("8801899999999", "মোঃ রহিম উদ্দিন", "phone"), ("wc-50", "মোঃ রহিম উদ্দিন", "orderNo"),
            ("#WC-5012", "মোঃ রহিম উদ্দিন", "orderNo"), (own.as_str(), "মোঃ রহিম উদ্দিন", "orderNo"),
        ] {
            let url = reqwest::Url::parse_with_params("http://x/api/cdm/search", [("q", q)]).expect("a URL");
            let path = format!("{}?{}", url.path(), url.query().expect("q"));
            let found = app.get(&admin, &path).await.ok();
            let items = found["items"].as_array().expect("items");
            assert_eq!(items.len(), 1, "{q}: {found:#}");
            assert_eq!((&items[0]["name"], &items[0]["matched"]), (&json!(name), &json!(matched)), "{q}");
        }
        assert_eq!(app.get(&admin, "/api/cdm/search?q=%20").await.ok()["items"], json!([]));
        assert_eq!(app.get(&admin, "/api/cdm/search?q=nobody").await.ok()["items"], json!([]));
    }

    async fn a_name_is_found_however_it_is_punctuated_or_encoded(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        for (n, (name, q)) in [
            ("O\u{2019}Neill Zqxa", "O'Neill"), ("Al\u{2011}Zqxamin H", "Zqxamin"), ("Md. Zqal\u{2013}Hasan", "Zqal-Hasan"),
            ("মো: জকিরুল শেখ", "মোঃ জকিরুল"), ("মো. জকিবুল শেখ", "মোঃ জকিবুল"), ("জৎপল দাস", "জত্\u{200d}পল"),
            ("Zqos\u{e9} R", "Zqose"), ("Zqose\u{301} B", "zqos\u{e9} b"), ("রজকিক।আহমেদ", "আহমেদ রজকিক"), ("জ\u{9a1}\u{9bc}কি", "জ\u{9dc}কি"),
        ].into_iter().enumerate() {
            let id = app.customer(name, &format!("017000000{n:02}"), None, None).await;
            let url = reqwest::Url::parse_with_params("http://x/api/cdm/search", [("q", q)]).expect("a URL");
            let path = format!("{}?{}", url.path(), url.query().expect("q"));
            let found = app.get(&admin, &path).await.ok();
            let ids: Vec<&Value> = found["items"].as_array().expect("items").iter().map(|hit| &hit["customerId"]).collect();
            assert!(ids.contains(&&json!(id)), "{q} finds {name}: {found:#}");
        }
    }

    async fn search_words_of_an_earlier_version_are_replaced_once(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let old = app.customer("মোঃ জকিরুল", "01700000001", None, None).await;
        let latin = app.customer("Md. Rahim", "01700000002", None, None).await;
        app.execute(Sql::new("DELETE FROM settings WHERE key = 'customers.terms'")).await;
        app.execute(Sql::new("UPDATE customer_terms SET term = 'ঃজকিরুল' WHERE term = 'জকিরুল' AND customer_id = $1").bind(old)).await;
        let search = "/api/cdm/search?q=%E0%A6%AE%E0%A7%8B%3A%20%E0%A6%9C%E0%A6%95%E0%A6%BF%E0%A6%B0%E0%A7%81%E0%A6%B2";
        assert_eq!(app.get(&admin, search).await.ok()["items"], json!([]));
        assert_eq!(trustcart::customers::rekey::run(&app.state).await.expect("runs"), 1);
        assert_eq!(app.get(&admin, search).await.ok()["items"][0]["customerId"], json!(old));
        assert_eq!(app.count(&format!("customer_terms WHERE customer_id = {latin}")).await, 2);
        app.execute(Sql::new("DELETE FROM customer_terms WHERE customer_id = $1").bind(old)).await;
        assert_eq!(trustcart::customers::rekey::run(&app.state).await.expect("runs"), 0, "everything is of this version");
    }

    async fn a_filter_is_kept_under_a_name_shared_by_those_who_lead_and_changed_by_its_owner(app: TestApp) {
        const SEGMENTS: &str = "/api/cdm/segments";
        let lead = app.person(Role::TeamLeader, "lead").await;
        let agent = app.person(Role::Agent, "agent").await;
        let vips = json!({"name": " ঢাকার VIP ", "filter": {"valueStage": "vip", "district": "Dhaka"}, "shared": true});
        let made = app.post(&lead, SEGMENTS, vips.clone()).await;
        assert_eq!(made.status, 201);
        let made = made.ok();
        assert_eq!((&made["name"], &made["own"]), (&json!("ঢাকার VIP"), &json!(true)));
        assert_eq!(made["filter"], json!({"valueStage": "vip", "district": "Dhaka"}), "no more than was asked for");
        app.post(&lead, SEGMENTS, vips.clone()).await.problem(409, "name_taken");
        let own = json!({"name": "ঢাকার VIP", "filter": {"temperature": "hot"}});
        let own = app.post(&agent, SEGMENTS, own).await.ok();
        for (body, code) in [
            (json!({"name": "x", "filter": {}}), "empty_filter"),
            (json!({"name": " ", "filter": {"q": "rahim"}}), "invalid_name"),
            (json!({"name": "x".repeat(81), "filter": {"q": "rahim"}}), "invalid_name"),
            (json!({"name": "x", "filter": {"assignedTo": "somebody"}}), "invalid_value"),
        ] {
            app.post(&agent, SEGMENTS, body).await.problem(422, code);
        }
        let mistyped = json!({"name": "x", "filter": {"valueStage": "vip", "distrikt": "Dhaka"}});
        app.post(&agent, SEGMENTS, mistyped).await.problem(422, "invalid_field");
        let shared = json!({"name": "x", "filter": {"q": "rahim"}, "shared": true});
        app.post(&agent, SEGMENTS, shared).await.problem(403, "forbidden");

        let seen = app.get(&agent, SEGMENTS).await.ok();
        let seen: Vec<_> = seen["items"].as_array().expect("items").iter()
            .map(|s| (s["owner"].as_str(), s["own"].as_bool())).collect();
        assert_eq!(seen, [(Some("lead"), Some(false)), (Some("agent"), Some(true))]);
        assert_eq!(app.get(&lead, SEGMENTS).await.ok()["items"].as_array().map(Vec::len), Some(1));
        let path = |segment: &Value| format!("{SEGMENTS}/{}", segment["id"]);
        let change = json!({"name": "মনে রাখি", "filter": {"temperature": "cold"}});
        app.put(&agent, &path(&made), change.clone()).await.problem(404, "segment_not_found");
        app.delete(&agent, &path(&made)).await.problem(404, "segment_not_found");
        let changed = app.put(&agent, &path(&own), change).await.ok();
        assert_eq!(changed["filter"], json!({"temperature": "cold"}));
        assert_eq!(app.delete(&lead, &path(&made)).await.status, 204);
        app.delete(&lead, &path(&made)).await.problem(404, "segment_not_found");
        assert_eq!(app.count("segments").await, 1);
    }

    async fn a_stage_that_the_date_alone_changes_is_picked_up_daily(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let products = app.products().await;
        let id = app.customer("Karim", "01712345678", None, None).await;
        let body = order("1", json!({"id": id}), "2026-11-20", &[(products[0], 1)]);
        app.post(&admin, "/api/cdm/orders", body).await.ok();
        let mut stages = Vec::new();
        for days in [0, 30, 31, 90, 91, 400] {
            app.state.clock.set(crate::support::test_now() + chrono::TimeDelta::days(days));
            trustcart::jobs::run_due(&app.state).await;
            let mut tx = app.state.db.read().await.expect("reads");
            let stage: String = tx
                .scalar(Sql::new("SELECT lifecycle_stage FROM customers WHERE id = $1").bind(id))
                .await.expect("a stage");
            stages.push(stage);
        }
        assert_eq!(stages, ["new", "at_risk", "at_risk", "churned", "churned", "churned"]);
    }

    async fn what_a_person_changes_is_on_record_with_both_states(app: TestApp) {
        let boss = app.person(Role::Admin, "boss").await;
        let agent = app.person(Role::Agent, "agent").await;
        let new = json!({"name": "Karim", "phone": "01712345678"});
        let made = app.post(&agent, "/api/cdm/customers", new).await.ok();
        let path = format!("/api/cdm/customers/{}", made["id"]);
        app.patch(&agent, &path, json!({"doNotCall": true, "doNotCallReason": "asked twice"})).await.ok();
        app.patch(&agent, &path, json!({"doNotCall": false})).await.ok();
        let consent = json!({"call": true, "sms": false, "whatsapp": true, "email": false});
        app.patch(&agent, &path, json!({"consent": consent, "city": "Savar"})).await.ok();
        app.patch(&agent, &path, json!({"phone": "01712345679"})).await.ok();
        app.patch(&agent, &path, json!({"phone": "01712345679"})).await.ok();
        let log = app.get(&boss, &format!("/api/audit?entity=customer&entityId={}", made["id"])).await.ok();
        let rows = log["items"].as_array().expect("items");
        assert_eq!(rows.len(), 5, "what changes nothing is no change: {log:#}");
        assert!(rows.iter().all(|row| row["userId"] == json!(agent.id)));
        assert_eq!(rows[4]["action"], "customer.created");
        assert_eq!((&rows[0]["before"]["phone"], &rows[0]["after"]["phone"]), (&json!("+8801712345678"), &json!("+8801712345679")));
        assert_eq!((&rows[1]["before"]["city"], &rows[1]["after"]["city"]), (&Value::Null, &json!("Savar")));
        assert_eq!((&rows[2]["before"]["doNotCall"], &rows[2]["after"]["doNotCall"]), (&json!(true), &json!(false)));
        assert_eq!((&rows[3]["before"]["doNotCall"], &rows[3]["after"]["doNotCallReason"]), (&json!(false), &json!("asked twice")));
        let view = app.get(&agent, &format!("/api/cdm/customer360/{}", made["id"])).await.ok();
        let timeline = view["timeline"].as_array().expect("entries");
        let mut told: Vec<&str> = timeline.iter().filter(|e| e["kind"] == "profile").filter_map(|e| e["summary"].as_str()).collect();
        told.sort_unstable();
        assert_eq!(told, ["profile.consent", "profile.do_not_call", "profile.do_not_call", "profile.phone"]);
        assert!(timeline.iter().filter(|e| e["kind"] == "profile").all(|e| e["userId"] == json!(agent.id)));
        assert_eq!(view["customer"]["lastContactAt"], Value::Null, "no contact");
    }
}
