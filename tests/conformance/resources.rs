//! The resources and their template.

use rmcp::{
    ErrorData,
    model::{ReadResourceResponse, ReadResourceResult, Resource, ResourceTemplate},
};
use serde_json::json;

use crate::content::{PNG, complete};

pub fn all() -> Vec<Resource> {
    let resources = json!([
        { "uri": "test://static-text", "name": "text", "mimeType": "text/plain" },
        { "uri": "test://static-binary", "name": "binary", "mimeType": "image/png" },
    ]);
    serde_json::from_value(resources).expect("resources")
}

pub fn templates() -> Vec<ResourceTemplate> {
    let template = json!({
        "uriTemplate": "test://template/{id}/data",
        "name": "template",
        "mimeType": "application/json",
    });
    serde_json::from_value(json!([template])).expect("templates")
}

pub fn read(uri: &str) -> Result<ReadResourceResponse, ErrorData> {
    let part = uri.strip_prefix("test://template/").and_then(|it| it.strip_suffix("/data"));
    let content = match (uri, part) {
        ("test://static-text", _) => {
            json!({ "uri": uri, "mimeType": "text/plain", "text": "The text of a resource." })
        }
        ("test://static-binary", _) => json!({ "uri": uri, "mimeType": "image/png", "blob": PNG }),
        (_, Some(id)) if !id.is_empty() && !id.contains('/') => {
            let text = json!({ "id": id, "templateTest": true }).to_string();
            json!({ "uri": uri, "mimeType": "application/json", "text": text })
        }
        _ => return Err(not_found(uri)),
    };
    let result = json!({ "contents": [content] });
    Ok(complete::<ReadResourceResult>(result).into())
}

/// Whether there is something to watch.
pub fn watched(uri: &str) -> Result<(), ErrorData> {
    match uri {
        "test://watched-resource" | "test://static-text" | "test://static-binary" => Ok(()),
        _ => Err(not_found(uri)),
    }
}

fn not_found(uri: &str) -> ErrorData {
    ErrorData::resource_not_found(
        format!("there is no resource `{uri}`"),
        Some(json!({ "uri": uri })),
    )
}
