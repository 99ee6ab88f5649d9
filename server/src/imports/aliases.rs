//! The headings by which columns are recognised: data.
//!
//! A line is `field = headings`, normalised as by `mapping::normal`; `-` are headings that mean
//! nothing in that file though they would elsewhere. Of several columns of one field the one whose
//! heading stands first here is asked first; the first filled cell counts.

use super::{Field, Format, Kind};

const OWN_CATEGORIES: &str = "
external_id = category_id id
slug = code key
name_en = name english_name category title
name_bn = bangla_name name_bangla নাম
base_unit = unit
avg_consumption_days = consumption_days days
typical_base_qty = typical_pack typical_qty
";

const OWN_PRODUCTS: &str = "
external_id = product_id id
sku = product_code code item_code
name_en = name product_name title english_name
name_bn = bangla_name name_bangla নাম
category = category_slug category_name
pack = size pack_label package
price = unit_price regular_price mrp sale_price মূল্য দাম
active = published enabled in_use
currency = currency_code price_currency
";

const OWN_CUSTOMERS: &str = "
external_id = customer_id id
phone = phone_number mobile mobile_number mobile_no phone_no contact contact_number
phone = customer_phone ফোন মোবাইল
other_phones = phones phone_2 phone2 alternative_phone alt_phone
name = customer_name full_name নাম
last_name = surname family_name
email = e_mail email_address
address = address_1 address1 street customer_address ঠিকানা
address_2 = address2
district = zila জেলা
city = area town thana upazila
birthday = date_of_birth dob birth_date
anniversary = marriage_day
gender = sex
agent = agent_login
notes = note comment remarks
source = channel
created_at = created customer_since registered joined
";

const OWN_ORDERS: &str = "
external_id = order_id id
order_no = order_number order invoice_no invoice
phone = customer_phone phone_number mobile mobile_number mobile_no phone_no contact_number ফোন
phone = মোবাইল
name = customer_name full_name customer নাম
email = customer_email email_address
address = customer_address address_1 shipping_address ঠিকানা
address_2 = address2
district = customer_district zila জেলা
city = customer_city area
order_date = date তারিখ
placed_at = created_at ordered_at
status = order_status
discount = discount_amount order_discount
delivery_charge = delivery delivery_fee shipping shipping_charge
tax = taxes vat tax_total total_tax order_tax tax_amount
fees = fee fee_total other_charges
refunded = refund refund_amount refunded_amount refund_total total_refunded order_refund
currency = currency_code order_currency currency_name মুদ্রা
total = order_total grand_total
payment_method = payment
note = notes customer_note order_note
sku = product_sku product_code item_code item_sku
product_name = product item item_name
quantity = qty packs
unit_price = price rate
line_total = amount subtotal_line line_amount line_subtotal item_subtotal
line_net = item_total net_amount
line_discount = item_discount
net_quantity = quantity_less_refund
refunded_quantity = quantity_refunded refunded_qty qty_refunded returned_quantity returned_qty
refunded_quantity = quantity_returned quantity_refund qty_refund
";

const WOOCOMMERCE_PRODUCTS: &str = "
external_id = id
name_en = name
active = published
weight_kg = weight_kg weight
weight_g = weight_g
price = regular_price
category = categories
- = sale_price type tags
";

const WOOCOMMERCE_CUSTOMERS: &str = "
external_id = customer_id id user_id
phone = billing_phone phone_billing phone shipping_phone
first_name = first_name billing_first_name first_name_billing
last_name = last_name billing_last_name last_name_billing
email = email billing_email email_billing user_email
address = billing_address_1 address_1_billing
address_2 = billing_address_2 address_2_billing
city = billing_city city_billing
district = billing_state state_billing state_name_billing
created_at = date_registered user_registered
- = username user_login role
";

const WOOCOMMERCE_ORDERS: &str = "
external_id = order_id id
order_no = order_number order_number_formatted
customer_id = customer_id customer_user_id
phone = billing_phone phone_billing shipping_phone phone_shipping
first_name = billing_first_name first_name_billing shipping_first_name first_name_shipping
last_name = billing_last_name last_name_billing shipping_last_name last_name_shipping
name = billing_full_name full_name_billing
email = billing_email email_billing customer_email
address = shipping_address_1 address_1_shipping billing_address_1 address_1_billing
address = address_1_2_billing address_1_2_shipping
address_2 = shipping_address_2 address_2_shipping billing_address_2 address_2_billing
city = shipping_city city_shipping billing_city city_billing
district = state_name_shipping state_name_billing shipping_state billing_state
district = state_code_shipping state_code_billing
placed_at = order_date date date_created order_created
status = status order_status
discount = discount_total cart_discount cart_discount_amount order_discount
delivery_charge = shipping_total order_shipping_amount order_shipping shipping_cost
tax = order_total_tax_amount order_total_tax order_tax_total tax_total total_tax cart_tax
fees = order_fee_total order_total_fee fee_total
refunded = order_refund_amount order_total_refunded refunded_total refund_total total_refunded
refunded = refunded_amount refund_amount order_refund
currency = order_currency currency currency_code
total = order_total order_total_amount
payment_method = payment_method payment_method_title
note = customer_note note
sku = item_sku sku product_sku line_item_sku
product_id = item_product_id product_id
product_name = item_name product_name line_item_name
quantity = item_quantity quantity line_item_quantity
net_quantity = quantity_less_refund item_quantity_less_refund
refunded_quantity = quantity_refunded item_quantity_refunded item_refunded_qty quantity_refund
unit_price = item_cost item_price line_item_price
line_total = item_subtotal order_line_subtotal line_item_subtotal line_subtotal
line_net = item_total order_line_total line_item_total line_total
- = item item_id discount_amount shipping_method shipping line_items
";

const SHOPIFY_PRODUCTS: &str = "
handle = handle url_handle
option_1 = option1_value
option_2 = option2_value
option_3 = option3_value
name_en = title
category = type product_type
sku = variant_sku sku
weight_g = variant_grams
price = variant_price price
active = published status
- = product_category id variant_compare_at_price
";

const SHOPIFY_CUSTOMERS: &str = "
external_id = customer_id
phone = phone default_address_phone
address = default_address_address1 address1
address_2 = default_address_address2 address2
city = default_address_city city
district = default_address_province_code province
consent_email = accepts_email_marketing accepts_marketing
consent_sms = accepts_sms_marketing
notes = note
- = company country zip total_spent total_orders
";

/// `Id` is on an order's first row only; `Name` on each.
const SHOPIFY_ORDERS: &str = "
order_no = name
external_id = id
phone = billing_phone shipping_phone phone
name = billing_name shipping_name
email = email
address = shipping_address1 shipping_street billing_address1 billing_street
address_2 = shipping_address2 billing_address2
city = shipping_city billing_city
district = shipping_province_name billing_province_name shipping_province billing_province
placed_at = created_at
cancelled_at = cancelled_at
financial_status = financial_status
fulfilment_status = fulfillment_status
discount = discount_amount
delivery_charge = shipping
tax = taxes
fees = duties
refunded = refunded_amount
currency = currency
total = total
payment_method = payment_method
note = notes
sku = lineitem_sku
product_name = lineitem_name
quantity = lineitem_quantity
unit_price = lineitem_price
line_discount = lineitem_discount
- = lineitem_fulfillment_status source subtotal employee
";

/// The tables to look in, the export's own first.
const fn tables(kind: Kind, format: Format) -> [&'static str; 2] {
    let own = match kind {
        Kind::Categories => OWN_CATEGORIES,
        Kind::Products => OWN_PRODUCTS,
        Kind::Customers => OWN_CUSTOMERS,
        Kind::Orders => OWN_ORDERS,
    };
    let shop = match (format, kind) {
        (Format::Own, _) | (_, Kind::Categories) => "",
        (Format::WooCommerce, Kind::Products) => WOOCOMMERCE_PRODUCTS,
        (Format::WooCommerce, Kind::Customers) => WOOCOMMERCE_CUSTOMERS,
        (Format::WooCommerce, Kind::Orders) => WOOCOMMERCE_ORDERS,
        (Format::Shopify, Kind::Products) => SHOPIFY_PRODUCTS,
        (Format::Shopify, Kind::Customers) => SHOPIFY_CUSTOMERS,
        (Format::Shopify, Kind::Orders) => SHOPIFY_ORDERS,
    };
    [shop, own]
}

/// What a normalised heading means by itself, if `allowed`, and its rank among the headings of that
/// field. The own format's heading of a field is the field's name.
pub fn meaning(
    heading: &str,
    kind: Kind,
    format: Format,
    allowed: &[Field],
) -> Option<(Field, usize)> {
    for table in tables(kind, format) {
        let mut rank = 0;
        for line in table.lines() {
            let Some((field, headings)) = line.split_once(" = ") else { continue };
            for known in headings.split(' ') {
                rank += 1;
                if known == heading {
                    let field = field.parse().ok().filter(|f| allowed.contains(f))?;
                    return Some((field, rank));
                }
            }
        }
        if let Some(field) = heading.parse().ok().filter(|f| allowed.contains(f)) {
            return Some((field, 0));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::fields::fields_of;
    use crate::imports::mapping::normal;

    #[test]
    fn every_table_names_fields_of_its_kind_and_headings_that_can_occur() {
        for kind in Kind::ALL {
            for format in Format::ALL {
                for line in tables(*kind, *format).iter().flat_map(|table| table.lines()) {
                    let Some((field, headings)) = line.split_once(" = ") else {
                        assert!(line.is_empty(), "{line}");
                        continue;
                    };
                    let known = field.parse().is_ok_and(|f| fields_of(*kind).contains(&f));
                    assert!(known || field == "-", "{kind}: {line}");
                    for heading in headings.split(' ') {
                        assert_eq!(normal(heading), heading, "{kind}: {line}");
                    }
                }
            }
        }
    }
}
