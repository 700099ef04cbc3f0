//! The prompts, and completion of their arguments.

use rmcp::{
    ErrorData,
    model::{
        GetPromptRequestParams, GetPromptResponse, GetPromptResult, InputRequiredResult, Prompt,
    },
};
use serde_json::{Value, json};

use crate::{
    content::{PNG, complete},
    rounds::{ask_for, asked, filled},
};

pub fn all() -> Vec<Prompt> {
    let argument = |name| json!({ "name": name, "description": "Any text", "required": true });
    let prompts = json!([
        { "name": "test_simple_prompt", "description": "One message." },
        { "name": "test_prompt_with_arguments", "description": "A message that holds both.",
          "arguments": [argument("arg1"), argument("arg2")] },
        { "name": "test_prompt_with_embedded_resource", "description": "A message with a resource.",
          "arguments": [argument("resourceUri")] },
        { "name": "test_prompt_with_image", "description": "A message with an image." },
        { "name": "test_input_required_result_prompt", "description": "Asks first." },
    ]);
    serde_json::from_value(prompts).expect("prompts")
}

pub fn get(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name: &str| {
        let given = request.arguments.as_ref().and_then(|arguments| arguments.get(name));
        given.and_then(Value::as_str).unwrap_or_default()
    };
    let said = |text: &str| json!({ "type": "text", "text": text });
    let contents = match &*request.name {
        "test_simple_prompt" => vec![said("This is a simple prompt.")],
        "test_prompt_with_arguments" => {
            vec![said(&format!("arg1='{}', arg2='{}'", argument("arg1"), argument("arg2")))]
        }
        "test_prompt_with_embedded_resource" => {
            let uri = argument("resourceUri");
            let resource = json!({ "uri": uri, "mimeType": "text/plain", "text": "Embedded." });
            vec![
                json!({ "type": "resource", "resource": resource }),
                said("Please read the resource above."),
            ]
        }
        "test_prompt_with_image" => vec![
            json!({ "type": "image", "data": PNG, "mimeType": "image/png" }),
            said("Please look at the image above."),
        ],
        "test_input_required_result_prompt" => {
            let given = request.input_responses.as_ref();
            let Some(context) = filled(given, "user_context", "context") else {
                let question = ask_for("What context should the prompt use?", "context");
                let asked = asked([("user_context", question)]);
                return Ok(InputRequiredResult::from_input_requests(asked).into());
            };
            vec![said(&format!("In the context of {context}"))]
        }
        name => {
            return Err(ErrorData::invalid_params(format!("there is no prompt `{name}`"), None));
        }
    };
    let messages: Vec<Value> =
        contents.into_iter().map(|content| json!({ "role": "user", "content": content })).collect();
    let result = json!({ "messages": messages });
    Ok(complete::<GetPromptResult>(result).into())
}

pub fn completions(begun: &str) -> Vec<String> {
    let known = ["paris", "park", "party", "test"];
    known.into_iter().filter(|it| it.starts_with(begun)).map(str::to_owned).collect()
}
