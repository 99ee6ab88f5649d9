//! Enums that are one word in the database, on the wire and in the code.

/// Declares an enum whose variants are stored and sent as the given text.
macro_rules! text_enum {
    (
        $(#[$doc:meta])*
        $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:tt),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            serde::Deserialize, sqlx::Type, utoipa::ToSchema,
        )]
        #[sqlx(type_name = "TEXT")]
        $vis enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] #[sqlx(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The text it is stored and sent as.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }

        impl From<$name> for $crate::db::Arg {
            fn from(value: $name) -> Self {
                Self::Static(value.as_str())
            }
        }

        impl From<Option<$name>> for $crate::db::Arg {
            fn from(value: Option<$name>) -> Self {
                match value {
                    Some(value) => Self::Static(value.as_str()),
                    None => Self::Text(None),
                }
            }
        }
    };
}
pub(crate) use text_enum;
