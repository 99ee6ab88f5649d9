//! What a column can mean, and the headings by which it is recognised: data, no logic.

use super::Kind;
use crate::db::text_enum;

text_enum! {
    /// The meaning of a column. Its name is also the heading of the own format.
    pub enum Field {
        /// Id in the shop's own files (category, product, customer, order).
        ExternalId = "external_id",
        /// Stable name of a category.
        Slug = "slug",
        /// Name of a category or product in English.
        NameEn = "name_en",
        /// Name of a category or product in Bangla.
        NameBn = "name_bn",
        /// g, ml or pcs.
        BaseUnit = "base_unit",
        /// Days a typical pack of the category lasts.
        AvgConsumptionDays = "avg_consumption_days",
        /// Remind this many days before.
        BufferDays = "buffer_days",
        /// Consumption days are never below.
        MinDays = "min_days",
        /// Nor above.
        MaxDays = "max_days",
        /// The typical pack in the base unit.
        TypicalBaseQty = "typical_base_qty",
        /// Stock-keeping unit.
        Sku = "sku",
        /// A product's category: slug or name.
        Category = "category",
        /// A product's category: id in the shop's own files.
        CategoryId = "category_id",
        /// Amount and unit in one text, e.g. 5kg.
        Pack = "pack",
        /// Amount in one pack.
        PackSize = "pack_size",
        /// kg, g, litre, ml, pcs.
        PackUnit = "pack_unit",
        /// Weight in kilograms, where nothing else says what a pack holds.
        WeightKg = "weight_kg",
        /// Weight in grams, where nothing else says what a pack holds.
        WeightG = "weight_g",
        /// Taka per pack.
        Price = "price",
        /// Whether a product is sold.
        Active = "active",
        /// Groups the variants of a product (Shopify).
        Handle = "handle",
        /// What the first option of a variant is, e.g. 2 L (Shopify).
        Option1 = "option_1",
        /// The second option.
        Option2 = "option_2",
        /// The third option.
        Option3 = "option_3",
        /// Telephone number: who a customer is.
        Phone = "phone",
        /// Further numbers, separated by `;` or `,`.
        OtherPhones = "other_phones",
        /// A customer's whole name, or its first part beside `last_name`.
        Name = "name",
        /// First name.
        FirstName = "first_name",
        /// Last name.
        LastName = "last_name",
        /// E-mail address.
        Email = "email",
        /// Street address.
        Address = "address",
        /// Its second line.
        Address2 = "address_2",
        /// District.
        District = "district",
        /// City or area.
        City = "city",
        /// Birthday.
        Birthday = "birthday",
        /// Anniversary.
        Anniversary = "anniversary",
        /// male or female.
        Gender = "gender",
        /// bhai, apu, sir, madam, dada or didi.
        Greeting = "greeting",
        /// salam, adab or nomoskar.
        Salutation = "salutation",
        /// bn or en.
        Language = "language",
        /// May be called.
        ConsentCall = "consent_call",
        /// May get SMS.
        ConsentSms = "consent_sms",
        /// May get WhatsApp messages.
        ConsentWhatsapp = "consent_whatsapp",
        /// May get e-mail.
        ConsentEmail = "consent_email",
        /// Never call.
        DoNotCall = "do_not_call",
        /// Why not.
        DoNotCallReason = "do_not_call_reason",
        /// Login of the agent a customer belongs to.
        Agent = "agent",
        /// Labels, separated by `;` or `,`.
        Tags = "tags",
        /// Standing remark on a customer.
        Notes = "notes",
        /// Where a customer came from.
        Source = "source",
        /// When the customer first came.
        CreatedAt = "created_at",
        /// What people call the order.
        OrderNo = "order_no",
        /// Id of the order's customer in the shop's own files, where there is no phone.
        CustomerId = "customer_id",
        /// Day of the order.
        OrderDate = "order_date",
        /// Day and time of the order.
        PlacedAt = "placed_at",
        /// Where the order stands.
        Status = "status",
        /// Set: the order was cancelled (Shopify).
        CancelledAt = "cancelled_at",
        /// paid, refunded, voided … (Shopify).
        FinancialStatus = "financial_status",
        /// fulfilled … (Shopify).
        FulfilmentStatus = "fulfilment_status",
        /// Taka off the whole order.
        Discount = "discount",
        /// Taka for delivery.
        DeliveryCharge = "delivery_charge",
        /// Tax, counted in the prices or beside them.
        Tax = "tax",
        /// Other charges.
        Fees = "fees",
        /// Taka paid back.
        Refunded = "refunded",
        /// Currency of the amounts; only taka is taken.
        Currency = "currency",
        /// Taka of the whole order; checked.
        Total = "total",
        /// How it is paid.
        PaymentMethod = "payment_method",
        /// paid or not, where there is no method.
        PaymentStatus = "payment_status",
        /// Remark on the order.
        Note = "note",
        /// Id of a line's product in the shop's own files.
        ProductId = "product_id",
        /// Name of a line's product, where there is neither SKU nor id.
        ProductName = "product_name",
        /// Packs on the line.
        Quantity = "quantity",
        /// Taka per pack.
        UnitPrice = "unit_price",
        /// Taka of the line, before its discount.
        LineTotal = "line_total",
        /// Taka of the line after its discount.
        LineNet = "line_net",
        /// Taka off the line.
        LineDiscount = "line_discount",
        /// Packs on the line that were kept.
        NetQuantity = "net_quantity",
        /// Packs on the line that came back.
        RefundedQuantity = "refunded_quantity",
    }
}

impl Field {
    /// Whether it holds an amount of money.
    pub const fn is_amount(self) -> bool {
        matches!(
            self,
            Self::Price
                | Self::Discount
                | Self::DeliveryCharge
                | Self::Total
                | Self::Tax
                | Self::Fees
                | Self::Refunded
                | Self::UnitPrice
                | Self::LineTotal
                | Self::LineNet
                | Self::LineDiscount
        )
    }

    /// Whether it holds a date.
    pub const fn is_date(self) -> bool {
        matches!(
            self,
            Self::Birthday | Self::Anniversary | Self::CreatedAt | Self::OrderDate | Self::PlacedAt
        )
    }
}

use Field as F;

/// The fields a kind of file can have.
pub const fn fields_of(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Categories => &[
            F::ExternalId,
            F::Slug,
            F::NameEn,
            F::NameBn,
            F::BaseUnit,
            F::AvgConsumptionDays,
            F::BufferDays,
            F::MinDays,
            F::MaxDays,
            F::TypicalBaseQty,
        ],
        Kind::Products => &[
            F::ExternalId,
            F::Sku,
            F::NameEn,
            F::NameBn,
            F::Category,
            F::CategoryId,
            F::Pack,
            F::PackSize,
            F::PackUnit,
            F::WeightKg,
            F::WeightG,
            F::Price,
            F::Active,
            F::Handle,
            F::Option1,
            F::Option2,
            F::Option3,
            F::Currency,
        ],
        Kind::Customers => &[
            F::ExternalId,
            F::Phone,
            F::OtherPhones,
            F::Name,
            F::FirstName,
            F::LastName,
            F::Email,
            F::Address,
            F::Address2,
            F::District,
            F::City,
            F::Birthday,
            F::Anniversary,
            F::Gender,
            F::Greeting,
            F::Salutation,
            F::Language,
            F::ConsentCall,
            F::ConsentSms,
            F::ConsentWhatsapp,
            F::ConsentEmail,
            F::DoNotCall,
            F::DoNotCallReason,
            F::Agent,
            F::Tags,
            F::Notes,
            F::Source,
            F::CreatedAt,
        ],
        Kind::Orders => &[
            F::ExternalId,
            F::OrderNo,
            F::CustomerId,
            F::Phone,
            F::Name,
            F::FirstName,
            F::LastName,
            F::Email,
            F::Address,
            F::Address2,
            F::District,
            F::City,
            F::OrderDate,
            F::PlacedAt,
            F::Status,
            F::CancelledAt,
            F::FinancialStatus,
            F::FulfilmentStatus,
            F::Discount,
            F::DeliveryCharge,
            F::Tax,
            F::Fees,
            F::Refunded,
            F::Currency,
            F::Total,
            F::PaymentMethod,
            F::PaymentStatus,
            F::Note,
            F::Sku,
            F::ProductId,
            F::ProductName,
            F::Quantity,
            F::UnitPrice,
            F::LineTotal,
            F::LineNet,
            F::LineDiscount,
            F::NetQuantity,
            F::RefundedQuantity,
        ],
    }
}

/// The fields a file of order lines can have.
pub const LINES_FILE_FIELDS: &[Field] = &[
    F::ExternalId,
    F::OrderNo,
    F::Sku,
    F::ProductId,
    F::ProductName,
    F::Quantity,
    F::UnitPrice,
    F::LineTotal,
    F::LineNet,
    F::LineDiscount,
    F::NetQuantity,
    F::RefundedQuantity,
];

/// What must be there: of each group at least one.
pub const fn required(kind: Kind, has_lines_file: bool) -> &'static [&'static [Field]] {
    match (kind, has_lines_file) {
        (Kind::Categories, _) => &[&[F::Slug, F::NameEn, F::NameBn]],
        (Kind::Products, _) => &[
            &[F::Sku, F::Handle, F::ExternalId],
            &[F::NameEn, F::NameBn],
            &[F::Category, F::CategoryId],
            &[F::Price],
        ],
        (Kind::Customers, _) => &[&[F::Phone]],
        (Kind::Orders, true) => &[
            &[F::ExternalId, F::OrderNo],
            &[F::Phone, F::CustomerId],
            &[F::OrderDate, F::PlacedAt],
        ],
        (Kind::Orders, false) => &[
            &[F::ExternalId, F::OrderNo],
            &[F::Phone, F::CustomerId],
            &[F::OrderDate, F::PlacedAt],
            &[F::Sku, F::ProductId, F::ProductName],
            &[F::Quantity, F::NetQuantity],
        ],
    }
}

/// What a file of order lines must have.
pub const LINES_FILE_REQUIRED: &[&[Field]] = &[
    &[F::ExternalId, F::OrderNo],
    &[F::Sku, F::ProductId, F::ProductName],
    &[F::Quantity, F::NetQuantity],
];
