//! The catalogue and how long its packs last.

use serde_json::json;
use trustcart::auth::Role;

use crate::support::both;
use crate::support::shop::order;

both! {
    async fn a_product_is_added_changed_and_found_in_both_languages(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let agent = app.person(Role::Agent, "agent").await;
        app.products().await;
        let rice = app.category("rice").await;
        let new = json!({
            "sku": "CHINI-2", "nameBn": "চিনিগুঁড়া চাল ২ কেজি", "nameEn": "Chinigura rice 2 kg",
            "categoryId": rice, "packSize": 2.0, "packUnit": "kg", "price": 34_000,
        });
        app.post(&agent, "/api/cdm/products", new.clone()).await.problem(403, "forbidden");
        let answer = app.post(&manager, "/api/cdm/products", new.clone()).await;
        assert_eq!(answer.status, 201);
        let made = answer.ok();
        assert_eq!((&made["baseQty"], &made["categorySlug"]), (&json!(2_000), &json!("rice")));
        app.post(&manager, "/api/cdm/products", new).await.problem(409, "sku_taken");
        let path = format!("/api/cdm/products/{}", made["id"]);
        let changed = app.patch(&manager, &path, json!({"price": 35_000, "packSize": 2.5})).await.ok();
        assert_eq!((&changed["price"], &changed["baseQty"]), (&json!(35_000), &json!(2_500)));
        assert_eq!(changed["nameEn"], made["nameEn"]);
        app.patch(&manager, &path, json!({"sku": "OIL-1"})).await.problem(409, "sku_taken");
        for q in ["%E0%A6%9A%E0%A6%BF%E0%A6%A8%E0%A6%BF", "CHINIGURA", "chini-2"] {
            let found = app.get(&agent, &format!("/api/cdm/products?q={q}")).await.ok();
            assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{q}");
        }
        app.patch(&manager, &path, json!({"active": false})).await.ok();
        let on_sale = app.get(&agent, &format!("/api/cdm/products?active=true&categoryId={rice}")).await.ok();
        assert_eq!(on_sale["items"].as_array().map(Vec::len), Some(2));
    }

    async fn a_product_that_makes_no_sense_is_refused(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        app.products().await;
        let good = json!({
            "sku": "X", "nameBn": "x", "nameEn": "x", "categoryId": app.category("rice").await,
            "packSize": 1.0, "packUnit": "kg", "price": 1,
        });
        for (name, value, code) in [
            ("sku", json!(""), "required"),
            ("nameBn", json!("x".repeat(121)), "too_long"),
            ("categoryId", json!(999), "unknown_category"),
            ("packSize", json!(0), "invalid_pack_size"),
            ("packSize", json!(-5.0), "invalid_pack_size"),
            ("packUnit", json!("pcs"), "unit_mismatch"),
            ("packUnit", json!("maund"), "invalid_field"),
            ("price", json!(-1), "negative_amount"),
        ] {
            let mut body = good.clone();
            body[name] = value;
            let problem = app.post(&manager, "/api/cdm/products", body).await.problem(422, code);
            assert_eq!(problem["field"], name);
        }
        app.patch(&manager, "/api/cdm/products/999", json!({})).await.problem(404, "product_not_found");
    }

    async fn a_changed_profile_moves_the_reminders(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let products = app.products().await;
        let rice = app.category("rice").await;
        let body = order("1", json!({"phone": "01712345678"}), "2026-11-10", &[(products[0], 1)]);
        let order = app.post(&manager, "/api/cdm/orders", body).await.ok();
        let profiles = app.get(&manager, "/api/cdm/consumption-profiles").await.ok();
        let profile = profiles["items"].as_array().expect("items").iter()
            .find(|p| p["categoryId"] == json!(rice)).expect("rice's profile");
        let path = format!("/api/cdm/consumption-profiles/{}", profile["id"]);
        let view = format!("/api/cdm/customer360/{}", order["customerId"]);
        let due = async || app.get(&manager, &view).await.ok()["cycles"][0]["dueOn"].clone();
        assert_eq!(due().await, "2026-12-02");
        let preview = format!("{path}/preview");
        let shown = app.post(&manager, &preview, json!({"avgConsumptionDays": 20})).await.ok();
        let week = |n: usize| (shown["weeks"][n]["now"].as_i64(), shown["weeks"][n]["then"].as_i64());
        assert_eq!(shown["moved"], 1, "{shown:#}");
        assert_eq!((week(0), week(1)), ((Some(0), Some(1)), (Some(1), Some(0))));
        app.post(&manager, &preview, json!({"maxDays": 0})).await.problem(422, "out_of_range");
        assert_eq!(due().await, "2026-12-02", "a preview changes nothing");
        app.patch(&manager, &path, json!({"avgConsumptionDays": 20})).await.ok();
        assert_eq!(due().await, "2026-11-24");
        let percent = json!({"bufferDays": null, "bufferPct": 50});
        app.patch(&manager, &path, percent).await.ok();
        assert_eq!(due().await, "2026-11-20");
        for body in [
            json!({"avgConsumptionDays": 0}), json!({"bufferPct": 101}), json!({"bufferDays": -1}),
            json!({"minDays": 50, "maxDays": 40}), json!({"maxDays": 9_999}),
        ] {
            app.patch(&manager, &path, body).await.problem(422, "out_of_range");
        }
        let agent = app.person(Role::Agent, "agent").await;
        app.patch(&agent, &path, json!({})).await.problem(403, "forbidden");
    }

    async fn a_product_in_another_category_takes_its_buyers_along(app: TestApp) {
        let manager = app.person(Role::SalesManager, "manager").await;
        let products = app.products().await;
        let body = order("1", json!({"phone": "01712345678"}), "2026-11-10", &[(products[0], 1)]);
        let order = app.post(&manager, "/api/cdm/orders", body).await.ok();
        let flour = app.category("flour").await;
        let path = format!("/api/cdm/products/{}", products[0]);
        app.patch(&manager, &path, json!({"categoryId": flour})).await.ok();
        let view = app.get(&manager, &format!("/api/cdm/customer360/{}", order["customerId"])).await.ok();
        assert_eq!(view["cycles"].as_array().map(Vec::len), Some(1));
        assert_eq!(view["cycles"][0]["categorySlug"], "flour");
    }
}
