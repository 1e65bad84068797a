//! How much of a stranger's file is read.

/// Bounds of reading. A book beyond one of them is refused by the name of what is too large.
///
/// ```
/// let limits = her_book::Limits { unpacked_bytes: 1 << 20, ..her_book::Limits::default() };
/// assert_eq!(limits.layers, 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of the file, in bytes. 64 GiB.
    pub file_bytes: u64,
    /// Length of a JSON document of the layout (index, manifest, config, signature). 4 MiB, which
    /// is also what registries take.
    pub json_bytes: u64,
    /// Layers of a book. 1024.
    pub layers: usize,
    /// All layers together once they are unpacked, in bytes. 64 GiB.
    pub unpacked_bytes: u64,
    /// A layer that is read into memory, in bytes. 4 GiB.
    pub memory_bytes: u64,
    /// The contract, the dictionary, the provenance or a memory's rows, in bytes. 256 MiB.
    pub table_bytes: u64,
    /// The header of a safetensors file, in bytes. 16 MiB.
    pub header_bytes: u64,
    /// Tensors in a layer. 65,536.
    pub tensors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 30,
            json_bytes: 4 << 20,
            layers: 1024,
            unpacked_bytes: 64 << 30,
            memory_bytes: 4 << 30,
            table_bytes: 256 << 20,
            header_bytes: 16 << 20,
            tensors: 65_536,
        }
    }
}
