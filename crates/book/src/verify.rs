//! Looking at a book, and judging it.

use std::io;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use crate::book::{Book, Layer};
use crate::config::Config;
use crate::digest::Digest;
use crate::error::{Fault, Flaw, Result};
use crate::layer::{Kind, version_of};
use crate::provenance::{self, Provenance};
use crate::sign::{self, PublicKey, TrustedKeys};
use crate::tensors::HeaderCheck;

/// What a book says of itself. Nothing in it is judged but that the digests of what was read are
/// right and each signature is of the key that it names.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// Where it was opened.
    pub file: PathBuf,
    /// The version of the book's format.
    pub format: &'static str,
    /// The book's digest.
    pub digest: Digest,
    /// Its name and the like.
    pub config: Config,
    /// What the model is.
    pub contract: Value,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Its layers.
    pub layers: Vec<Layer>,
    /// Who signed, trusted or not.
    pub signers: Vec<PublicKey>,
}

/// That a book is whole, of its formats, and of somebody who is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The book's digest.
    pub digest: Digest,
    /// Those who signed and are trusted; at least one.
    pub signers: Vec<PublicKey>,
    /// Others who signed.
    pub others: Vec<PublicKey>,
    /// How many layers were unpacked and checked.
    pub layers: usize,
    /// How many bytes they unpacked to.
    pub unpacked: u64,
}

impl Book {
    /// What the book says of itself; reads the contract and the provenance, and no other layer.
    ///
    /// # Errors
    /// What is wrong with them, and [`Fault::Signature`].
    pub fn inspect(&self) -> Result<Inspection> {
        Ok(Inspection {
            file: self.path().to_owned(),
            format: version_of(self.layers().iter().map(|layer| &layer.kind)),
            digest: self.digest(),
            config: self.config(),
            contract: self.contract()?,
            provenance: self.provenance()?,
            layers: self.layers().to_vec(),
            signers: self.signers()?,
        })
    }

    /// Who signed, trusted or not; nobody, if the book is unsigned.
    ///
    /// # Errors
    /// [`Fault::Signature`], if one of the signatures is not of the key that it names.
    pub fn signers(&self) -> Result<Vec<PublicKey>> {
        let Some(envelope) = &self.envelope else { return Ok(Vec::new()) };
        let signers = sign::signers(envelope, &provenance::signed(&self.digest()));
        signers.map_err(|flaw| flaw.at(self.path(), "the signature"))
    }

    /// Reads every byte: each layer has its digests, unpacks to what it declares and is of its
    /// format. Says nothing of who wrote it.
    ///
    /// # Errors
    /// The first thing that is wrong, by its layer.
    pub fn check(&self) -> Result<()> {
        self.layers().iter().try_for_each(|layer| self.check_layer(&layer.kind))
    }

    fn check_layer(&self, kind: &Kind) -> Result<()> {
        match kind {
            Kind::Contract => self.contract().map(|_| ()),
            Kind::Dictionary => self.dictionary().map(|_| ()),
            Kind::Rows(modality) => self.memory(modality).map(|_| ()),
            Kind::Contributions => self.contributions().map(|_| ()),
            Kind::Provenance => self.provenance().map(|_| ()),
            Kind::State => self.extract(kind, &mut io::sink()).map(|_| ()),
            // Read with the rows.
            Kind::Vectors(_) => Ok(()),
            Kind::Base | Kind::Delta(_) => {
                let mut check = HeaderCheck::new(self.limits());
                self.extract(kind, &mut check)?;
                let header = self.at(kind, check.finish())?;
                self.fits(kind, &header.notes)
            }
        }
    }

    /// Judges the book: somebody trusted signed it, every signature is of its key, and every layer
    /// is as [`Book::check`] wants it.
    ///
    /// # Errors
    /// [`Fault::Unsigned`], [`Fault::UnknownSigner`], [`Fault::Signature`], and those of
    /// [`Book::check`].
    ///
    /// ```no_run
    /// use her_book::{Book, Limits, PublicKey};
    /// let trusted = ["ed25519:…".parse::<PublicKey>()?].into_iter().collect();
    /// let verdict = Book::open("sam.book", &Limits::default())?.verify(&trusted)?;
    /// println!("{} by {}", verdict.digest, verdict.signers[0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self, trusted: &TrustedKeys) -> Result<Verdict> {
        let refused = |fault, found: String, remedy: &str| {
            Err(Flaw::new(fault, found, remedy).at(self.path(), "the signature"))
        };
        let (signers, others): (Vec<PublicKey>, Vec<PublicKey>) =
            self.signers()?.into_iter().partition(|key| trusted.contains(key));
        if signers.is_empty() && others.is_empty() {
            let remedy = "ask its writer to sign it, or read it as what nobody vouches for";
            return refused(Fault::Unsigned, "nobody signed the book".into(), remedy);
        }
        if signers.is_empty() {
            let names: Vec<String> = others.iter().map(ToString::to_string).collect();
            let found = format!("nobody who is trusted signed, only {}", names.join(" and "));
            let remedy = "if you know whose key it is, trust it; if not, do not read the book";
            return refused(Fault::UnknownSigner, found, remedy);
        }
        self.check()?;
        let unpacked = self.layers().iter().map(|layer| layer.unpacked).sum();
        let (digest, layers) = (self.digest(), self.layers().len());
        Ok(Verdict { digest, signers, others, layers, unpacked })
    }
}
