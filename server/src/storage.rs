//! Where recordings are kept: a folder on this machine, or a bucket that several instances share.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _, RetryConfig};
use tokio::io::AsyncWriteExt as _;
use url::Url;

use crate::config::{BucketConfig, Config};

/// A bucket that is there takes a connection in this time.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest transfer of a whole file, or of the parts of it that travel together.
const PATIENCE: Duration = Duration::from_mins(2);

/// What can go wrong with a file.
pub type StorageError = object_store::Error;

/// Files by name, written once and whole: nobody sees half of one.
#[derive(Clone, Debug)]
pub struct Storage(Arc<dyn ObjectStore>);

impl Storage {
    /// The recordings: in the configured bucket, or in `recordings` of the data directory.
    pub fn recordings(config: &Config) -> anyhow::Result<Self> {
        if let Some(url) = &config.bucket.recording_bucket {
            return Self::bucket(url, &config.bucket);
        }
        let folder = config.data_dir.join("recordings");
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        // On the disk before the database says so.
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))))
    }

    fn bucket(url: &Url, config: &BucketConfig) -> anyhow::Result<Self> {
        let options = ClientOptions::new().with_connect_timeout(CONNECT).with_timeout(PATIENCE);
        let retries = RetryConfig { max_retries: 2, retry_timeout: PATIENCE, ..Default::default() };
        let mut access = AmazonS3Builder::from_env()
            .with_url(url.as_str())
            .with_client_options(options)
            .with_retry(retries);
        if let Some(endpoint) = &config.s3_endpoint {
            access = access
                .with_endpoint(endpoint.as_str().trim_end_matches('/'))
                .with_allow_http(endpoint.scheme() == "http");
        }
        if let Some(region) = &config.s3_region {
            access = access.with_region(region);
        }
        if let Some(id) = &config.s3_access_key_id {
            access = access.with_access_key_id(id);
        }
        if let Some(secret) = &config.s3_secret_access_key {
            access = access.with_secret_access_key(secret.text());
        }
        let objects = access.build().context("the bucket for recordings cannot be used")?;
        let folder = Path::from_url_path(url.path())?;
        if folder.is_root() {
            Ok(Self(Arc::new(objects)))
        } else {
            Ok(Self(Arc::new(PrefixStore::new(objects, folder))))
        }
    }

    /// Writes a file, in place of one with the same name.
    pub async fn put(&self, name: &str, content: Vec<u8>) -> Result<(), StorageError> {
        self.0.put(&Path::from(name), content.into()).await.map(|_| ())
    }

    /// Writes a file from what comes; its length, bytes. Nothing is there if that fails half-way.
    pub async fn write<E: From<StorageError>>(
        &self,
        name: &str,
        mut content: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
    ) -> Result<u64, E> {
        let mut writer = BufWriter::new(Arc::clone(&self.0), Path::from(name));
        let mut bytes = 0;
        while let Some(chunk) = content.next().await {
            let put = match chunk {
                Ok(chunk) => {
                    bytes += chunk.len() as u64;
                    writer.put(chunk).await.map_err(E::from)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = put {
                // What stays of it is never read.
                let _ = writer.abort().await;
                return Err(error);
            }
        }
        writer
            .shutdown()
            .await
            .map_err(|error| StorageError::Generic { store: "recordings", source: error.into() })?;
        Ok(bytes)
    }

    /// Length of a file, bytes; `None`: there is none.
    pub async fn size(&self, name: &str) -> Result<Option<u64>, StorageError> {
        match self.0.head(&Path::from(name)).await {
            Ok(about) => Ok(Some(about.size)),
            Err(StorageError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// These bytes of a file, as they come.
    pub async fn read(
        &self,
        name: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError> {
        if range.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let options = object_store::GetOptions::new().with_range(Some(range));
        Ok(self.0.get_opts(&Path::from(name), options).await?.into_stream())
    }

    /// All files.
    pub async fn list(&self) -> Result<Vec<ObjectMeta>, StorageError> {
        self.0.list(None).try_collect().await
    }

    /// Deletes a file of [`Storage::list`]; one that is gone already is no error.
    pub async fn delete(&self, file: &Path) -> Result<(), StorageError> {
        match self.0.delete(file).await {
            Err(StorageError::NotFound { .. }) => Ok(()),
            done => done,
        }
    }
}
