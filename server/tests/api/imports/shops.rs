//! Exports of WooCommerce and Shopify.

use serde_json::json;

use super::{CATEGORIES, catalogue, manager};
use crate::support::both;
use crate::support::imports::file;

both! {
    async fn a_shopify_order_export_comes_in(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let text = "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Phone,Shipping Name,Shipping Address1,Shipping City,Shipping Phone,Notes,Cancelled at,Payment Method,Id,Phone\n\
            #1001,a@example.test,paid,2026-11-18 20:33:21 +0600,fulfilled,BDT,1220.00,60.00,0.00,1230.00,TEN,50.00,2026-11-18 20:33:20 +0600,2,Rice 5kg,440.00,SKU-0001,রহিম উদ্দিন,+880 1711-111111,,House 1,Dhaka,,Please call,,Cash on Delivery (COD),5551,\n\
            #1001,a@example.test,,,,,,,,,,,,1,Oil 1 1L,340.00,,,,,,,,,,,,\n\
            #1002,,refunded,,,BDT,340.00,0.00,0.00,340.00,,0.00,2026-11-19 01:33:20 +0600,1,Oil,340.00,SKU-0002,Karim,,,,,01722222222,,,,5552,\n\
            #1003,,pending,,,BDT,340.00,0.00,0.00,340.00,,0.00,2026-11-19 01:33:20 +0600,1,Ghee,340.00,,Karim,,,,,01722222222,,,,5553,\n";
        let job = app.import(&who, file("orders", text)).await;
        assert_eq!((&job["format"], &job["created"], &job["okRows"]), (&json!("shopify"), &json!(2), &json!(3)), "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.import_errors(&who, &job).await, ["5 unknown_product"]);
        assert_eq!(app.count("orders WHERE source = 'shopify' AND order_no = '#1001' AND status = 'shipped' AND subtotal = 122000 AND discount = 5000 AND delivery_charge = 6000 AND order_date = '2026-11-18' AND payment_method = 'Cash on Delivery (COD)'").await, 1);
        assert_eq!(app.count("orders WHERE status = 'returned' AND NOT counted").await, 1);
        assert_eq!(app.count("customers WHERE name = 'রহিম উদ্দিন' AND phone = '+8801711111111' AND city = 'Dhaka' AND total_orders = 1").await, 1);
        assert_eq!(app.import(&who, file("orders", text)).await["unchanged"], 2);
    }

    async fn both_usual_woocommerce_order_exports_come_in(app: TestApp) {
        let who = manager(&app).await;
        catalogue(&app, &who).await;
        let text = "order_id,order_number,date,status,shipping_total,cart_discount,order_total,payment_method,customer_id,billing_first_name,billing_last_name,billing_phone,billing_address_1,billing_city,customer_note,item_id,item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_total\n\
            77,77,2026-11-18 20:33:20,wc-processing,60.00,20.00,1260.00,cod,5,Rahim,Uddin,01711111111,House 1,Dhaka,,9,1,Rice,SKU-0001,2,880.00,870.00\n\
            77,77,2026-11-18 20:33:20,wc-processing,60.00,20.00,1260.00,cod,5,Rahim,Uddin,01711111111,House 1,Dhaka,,10,2,Oil,SKU-0002,1,340.00,330.00\n";
        let job = app.import(&who, file("orders", text)).await;
        assert_eq!((&job["format"], &job["created"]), (&json!("woocommerce"), &json!(1)), "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("orders WHERE external_id = '77' AND status = 'confirmed' AND total = 126000").await, 1);
        assert_eq!(app.count("order_lines WHERE unit_price = 44000 AND quantity = 2").await, 1);
        let text = "\"Order Number\",\"Order Status\",\"Order Date\",\"First Name (Billing)\",\"Last Name (Billing)\",\"Phone (Billing)\",\"Payment Method Title\",\"Cart Discount Amount\",\"Order Shipping Amount\",\"Order Total Amount\",\"SKU\",\"Item #\",\"Item Name\",\"Quantity\",\"Item Cost\",\"Discount Amount\"\n\
            78,Completed,2026-11-19 20:33,Rahim,Uddin,01711111111,Cash,0,60,740,SKU-0002,1,Oil,2,340,0\n";
        let job = app.import(&who, file("orders", text)).await;
        assert_eq!((&job["format"], &job["created"]), (&json!("woocommerce"), &json!(1)), "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("customers WHERE total_orders = 2 AND name = 'Rahim Uddin'").await, 1);
    }

    async fn the_shops_products_and_customers_come_in(app: TestApp) {
        let who = manager(&app).await;
        app.import(&who, file("categories", CATEGORIES)).await;
        let woo = "ID,Type,SKU,Name,Published,Regular price,Sale price,Categories,Weight (kg)\n\
            11,simple,R5,Miniket Rice 5 kg,1,440,400,\"Grocery > Rice\",5\n\
            12,simple,R2,Katari Rice,0,200,,Rice,2\n";
        let job = app.import(&who, file("products", woo)).await;
        assert_eq!((&job["format"], &job["created"]), (&json!("woocommerce"), &json!(2)), "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("products WHERE base_qty = 5000 AND price = 44000 AND external_id = '11' AND active").await, 1);
        assert_eq!(app.count("products WHERE base_qty = 2000 AND NOT active").await, 1);
        let shopify = "Handle,Title,Type,Published,Variant SKU,Variant Grams,Variant Price,Image Src\n\
            oil,Mustard oil,Oil,true,O-1,1000,340,a.png\noil,,,,O-5,5000,1500,\noil,,,,,,,b.png\n";
        let job = app.import(&who, file("products", shopify)).await;
        assert_eq!((&job["format"], &job["created"], &job["okRows"]), (&json!("shopify"), &json!(2), &json!(3)), "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("products WHERE sku = 'O-5' AND name_en = 'Mustard oil' AND base_qty = 5000").await, 1);
        let shopify = "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Address1,Default Address City,Default Address Phone,Phone,Note,Tags\n\
            '9001,Rahim,Uddin,a@example.test,no,House 1,Dhaka,,'+8801711111111,,vip\n";
        let job = app.import(&who, file("customers", shopify)).await;
        assert_eq!((&job["format"], &job["created"]), (&json!("shopify"), &json!(1)), "{:?}", app.import_errors(&who, &job).await);
        assert_eq!(app.count("customers WHERE name = 'Rahim Uddin' AND NOT consent_email AND city = 'Dhaka'").await, 1);
    }
}
