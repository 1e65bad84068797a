//! The routes of language identities: those of `OpenAI`'s API.

use axum::routing::{get, post};

use super::super::openai;
use super::{JSON, Route};
use crate::locks::scope::Scope;

/// Identities as models that speak. Whom a request asks stands in its body, so each handler asks
/// for itself whether the token reaches so far.
pub(super) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        path: "/openai/v1/models",
        scope: Scope::Predict,
        id: "openai_models",
        summary: "OpenAI's API: the identities that speak",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "OpenAiModels")),
        refusals: &[],
        handler: || get(openai::list),
    },
    Route {
        method: "GET",
        path: "/openai/v1/models/{model}",
        scope: Scope::Predict,
        id: "openai_model",
        summary: "OpenAI's API: an identity that speaks, name or name@version",
        params: &[],
        takes: &[],
        gives: (200, (JSON, "OpenAiModel")),
        refusals: &[],
        handler: || get(openai::one),
    },
    Route {
        method: "POST",
        path: "/openai/v1/chat/completions",
        scope: Scope::Predict,
        id: "openai_chat",
        summary: "OpenAI's API: answer a conversation, and learn what is new of it",
        params: &[],
        takes: &[(JSON, "OpenAiChat")],
        gives: (200, (JSON, "OpenAiChatAnswer")),
        refusals: &[404, 409, 421, 429, 507],
        handler: || post(openai::chat),
    },
    Route {
        method: "POST",
        path: "/openai/v1/completions",
        scope: Scope::Predict,
        id: "openai_complete",
        summary: "OpenAI's API: go on with a text, and learn it",
        params: &[],
        takes: &[(JSON, "OpenAiText")],
        gives: (200, (JSON, "OpenAiTextAnswer")),
        refusals: &[404, 409, 421, 429, 507],
        handler: || post(openai::complete),
    },
    Route {
        method: "POST",
        path: "/openai/v1/embeddings",
        scope: Scope::Predict,
        id: "openai_embed",
        summary: "OpenAI's API: texts as numbers, by the base of an identity, or a base by its name",
        params: &[],
        takes: &[(JSON, "OpenAiTexts")],
        gives: (200, (JSON, "OpenAiEmbeddings")),
        refusals: &[404, 421, 429],
        handler: || post(openai::embed),
    },
];
