//! One list of the 64 districts for customers, agents, filters and files.

use serde_json::json;
use trustcart::auth::Role;
use trustcart::db::Sql;
use trustcart::districts::rename_free_text;

use crate::support::both;

both! {
    async fn everybody_chooses_from_the_same_64_districts(app: TestApp) {
        let agent = app.person(Role::Agent, "agent").await;
        let items = app.get(&agent, "/api/cdm/districts").await.ok()["items"].clone();
        assert_eq!(items.as_array().map(Vec::len), Some(64));
        assert_eq!(items[9], json!({"nameEn": "Chattogram", "nameBn": "চট্টগ্রাম"}));
    }

    async fn a_customer_is_found_by_any_name_of_the_district(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        for (n, district) in ["Chittagong", "চট্টগ্রাম", "BD-10", "Dist. Chattogram"].iter().enumerate() {
            let body = json!({"phone": format!("0171234567{n}"), "name": "Karim", "district": district});
            let made = app.post(&admin, "/api/cdm/customers", body).await.ok();
            assert_eq!(made["district"], "Chattogram", "{district}");
        }
        for name in ["Chittagong", "Chattogram", "চট্টগ্রাম"] {
            let found = app.get(&admin, &format!("/api/cdm/customers?district={name}")).await.ok();
            assert_eq!(found["items"].as_array().map(Vec::len), Some(4), "{name}");
        }
    }

    async fn free_text_of_earlier_versions_is_renamed_where_it_names_a_district(app: TestApp) {
        let admin = app.person(Role::Admin, "admin").await;
        let agent = app.person(Role::Agent, "agent").await;
        let was = [("Chittagong", "Chattogram"), ("ঢাকা", "Dhaka"), ("Dhaka", "Dhaka"), ("Mirpur", "Mirpur"), (" Bogra ", "Bogura")];
        let mut ids = Vec::new();
        let mut tx = app.state.db.begin().await.expect("begins");
        for (n, (old, _)) in was.iter().enumerate() {
            let body = json!({"phone": format!("0171234567{n}"), "name": "Karim"});
            drop(tx);
            let made = app.post(&admin, "/api/cdm/customers", body).await.ok();
            ids.push(made["id"].clone());
            tx = app.state.db.begin().await.expect("begins");
            tx.execute(Sql::new("UPDATE customers SET district = $1 WHERE id = $2").bind(*old).bind(made["id"].as_i64().expect("an id"))).await.expect("written");
            tx.commit().await.expect("commits");
            tx = app.state.db.begin().await.expect("begins");
        }
        for district in ["chittagong", "চট্টগ্রাম", "mirpur"] {
            let sql = "INSERT INTO agent_districts (user_id, district) VALUES ($1, $2)";
            tx.execute(Sql::new(sql).bind(agent.id).bind(district)).await.expect("written");
        }
        rename_free_text(&mut tx, app.state.clock.now()).await.expect("renamed");
        tx.commit().await.expect("commits");
        for (id, (old, new)) in ids.iter().zip(was) {
            let found = app.get(&admin, &format!("/api/cdm/customers/{id}")).await.ok();
            assert_eq!(found["district"], new, "{old}");
        }
        let users = app.get(&admin, "/api/users").await.ok();
        let person = users["items"].as_array().expect("users").iter().find(|u| u["id"] == json!(agent.id)).expect("the agent");
        assert_eq!(person["districts"], json!(["Chattogram", "mirpur"]));
    }
}
