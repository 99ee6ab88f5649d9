//! Settings of a bucket.

use clap::Args;
use url::Url;

use super::ApiKey;

/// An S3-compatible bucket. What is not set here is looked for where Amazon's own tools look (other
/// `AWS_…` variables, the role of the machine).
#[derive(Args, Clone, Debug)]
pub struct BucketConfig {
    /// S3-compatible bucket for recordings: `s3://BUCKET` or `s3://BUCKET/FOLDER`; without it they are
    /// in the data directory.
    #[arg(long, env = "TRUSTCART_RECORDING_BUCKET", value_parser = bucket)]
    pub recording_bucket: Option<Url>,
    /// Address of the bucket's server, if it is not Amazon's.
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    pub s3_endpoint: Option<Url>,
    /// The bucket's region.
    #[arg(long, env = "AWS_REGION")]
    pub s3_region: Option<String>,
    /// Who reads and writes it.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    pub s3_access_key_id: Option<String>,
    /// The secret that belongs to it.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    pub s3_secret_access_key: Option<ApiKey>,
}

fn bucket(text: &str) -> Result<Url, &'static str> {
    let wanted = "a bucket is written s3://BUCKET or s3://BUCKET/FOLDER";
    let url: Url = text.parse().map_err(|_| wanted)?;
    let plain = url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
    if url.scheme() == "s3" && url.host_str().is_some() && plain { Ok(url) } else { Err(wanted) }
}
