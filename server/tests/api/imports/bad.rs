//! Bad files get a problem and change nothing.

use serde_json::json;
use trustcart::db::Sql;

use super::{CUSTOMERS, LINES, ORDERS, catalogue, manager};
use crate::support::both;
use crate::support::imports::{File, file};

both! {
    async fn what_is_no_csv_of_this_kind_is_refused_and_leaves_nothing(app: TestApp) {
        let who = manager(&app).await;
        let raw = |bytes: &[u8]| File { kind: "customers", bytes: bytes.to_vec(), ..File::default() };
        // Bangla in UTF-8, and then something that is not.
        let mixed = ["phone,নাম\n01711111111,Jos".as_bytes(), b"\xe9\n"].concat();
        let wrong = app.upload(&who, raw(&mixed)).await.problem(422, "wrong_encoding");
        assert!(wrong["detail"].as_str().is_some_and(|d| d.contains("Line 2") && d.contains("CSV UTF-8")), "{wrong}");
        app.upload(&who, raw(b"PK\x03\x04")).await.problem(422, "workbook_unreadable");
        app.upload(&who, raw(b"")).await.problem(422, "empty_file");
        let missing = app.upload(&who, file("products", "a,b\n1,2\n")).await.problem(422, "missing_columns");
        assert!(missing["detail"].as_str().is_some_and(|d| d.contains("sku or handle or external_id; name_en or name_bn") && d.contains("Found: a, b")), "{missing}");
        let mut orders = file("orders", ORDERS);
        orders.lines = Some("order_id,quantity\n1,1\n");
        assert_eq!(app.upload(&who, orders).await.problem(422, "missing_columns")["field"], "linesFile");
        let mut mapped = file("customers", CUSTOMERS);
        mapped.mapping = Some(json!({"nothing": "phone"}));
        app.upload(&who, mapped.clone()).await.problem(422, "unknown_column");
        mapped.mapping = Some(json!({"phone": "telephone"}));
        app.upload(&who, mapped.clone()).await.problem(422, "unknown_field");
        mapped.mapping = Some(json!({"phone": "quantity"}));
        app.upload(&who, mapped).await.problem(422, "unknown_field");
        app.upload(&who, file("people", "a\n")).await.problem(422, "invalid_value");
        app.post(&who, "/api/cdm/imports", json!({})).await.problem(415, "unsupported_media_type");
        assert_eq!(app.count("import_jobs").await, 0);
        let folder = std::fs::read_dir(app.data.path().join("imports")).expect("the folder");
        assert_eq!(folder.count(), 0, "refused uploads are gone");
    }

    async fn too_large_a_file_is_refused_while_it_arrives(app: TestApp) {
        let who = manager(&app).await;
        let mut tx = app.state.db.begin().await.expect("begins");
        let sql = "INSERT INTO settings (key, value, updated_at) VALUES ('imports.max_bytes', $1, $2)";
        tx.execute(Sql::new(sql).bind(json!(100)).bind(app.state.clock.now())).await.expect("set");
        tx.commit().await.expect("commits");
        app.upload(&who, file("customers", CUSTOMERS)).await.problem(413, "file_too_large");
        assert_eq!(app.count("import_jobs").await, 0);
    }

    async fn a_cut_off_file_loses_only_what_is_cut_off(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let cut = CUSTOMERS.rfind("female").expect("a cell");
        let job = app.import(&who, file("customers", &CUSTOMERS[..cut])).await;
        assert_eq!((&job["created"], &job["status"]), (&json!(1), &json!("done")));
        assert_eq!(app.import_errors(&who, &job).await, ["3 cut_off_row"]);
        // In the middle of a character.
        let bytes = "phone,name\n01711111111,ক\n01722222222,খ".as_bytes();
        let bytes = bytes[..bytes.len() - 1].to_vec();
        let job = app.import(&who, File { kind: "customers", bytes, ..File::default() }).await;
        assert_eq!(app.import_errors(&who, &job).await, ["3 cut_off_row"]);
        // Lines that are missing show in the order's total.
        let mut orders = file("orders", ORDERS);
        let short = &LINES[..LINES.find("2,1,2").expect("a line")];
        orders.lines = Some(short);
        let job = app.import(&who, orders).await;
        assert_eq!(app.import_errors(&who, &job).await, ["2 total_mismatch", "3 lines_missing", "4 lines_missing"]);
        assert_eq!(app.count("orders").await, 0);
    }

    async fn every_bad_cell_is_named(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let text = "order_no,phone,order_date,sku,quantity,unit_price,discount,status\n\
                    1,nobody,2026-11-01,SKU-0001,1,440,0,placed\n\
                    2,01711111111,2027-11-01,SKU-0001,1,440,0,placed\n\
                    3,01711111111,31/31/2026,SKU-0001,1.5,440,0,placed\n\
                    4,01711111111,2026-11-01,SKU-0001,1,\"4,4.0\",900,lost\n\
                    5,01711111111,2026-11-01,SKU-0001\n\
                    ,01711111111,2026-11-01,,1,,,\n";
        let job = app.import(&who, file("orders", text)).await;
        let errors = app.import_errors(&who, &job).await;
        for expected in ["2 invalid_phone", "3 date_in_future", "4 invalid_date", "4 invalid_number", "5 invalid_amount", "5 unknown_status", "6 required"] {
            assert!(errors.contains(&expected.to_owned()), "{expected}: {errors:?}");
        }
        assert_eq!((&job["created"], &job["errorRows"]), (&json!(0), &json!(6)));
        let page = app.get(&who, &format!("/api/cdm/imports/{}/errors?limit=2", job["id"])).await.ok();
        assert_eq!(page["items"][0]["column"], "phone");
        assert_eq!(page["items"][0]["value"], "nobody");
        let next = format!("/api/cdm/imports/{}/errors?cursor={}", job["id"], page["nextCursor"].as_str().expect("more"));
        assert_eq!(app.get(&who, &next).await.ok()["items"].as_array().map(Vec::len), Some(errors.len() - 2));
    }
}
