//! Methods of the protocol that this server has nothing behind.

/// What is said of a method that is not served.
pub(super) fn no_method(method: &str) -> String {
    let shown: String = method.chars().take(64).collect();
    format!("no method `{shown}`: this server offers tools, prompts, resources and completion")
}

/// Handlers that say so.
macro_rules! not_offered {
    ($($handler:ident($params:ty) -> $result:ty, $method:literal;)*) => {
        $(
            #[allow(deprecated, reason = "asked for by legacy clients")]
            async fn $handler(
                &self,
                _: $params,
                _: RequestContext<RoleServer>,
            ) -> Result<$result, ErrorData> {
                Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, no_method($method), None))
            }
        )*
    };
}

pub(super) use not_offered;
