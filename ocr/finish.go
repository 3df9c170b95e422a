package ocr

import "strings"

// A finishKind is the meaning of a finish reason.
type finishKind int

const (
	finishUnknown    finishKind = iota // not known to be a good one
	finishMissing                      // no finish reason was given
	finishStop                         // the model has finished
	finishLength                       // the answer was cut at a limit
	finishFiltered                     // a filter or the model itself withheld the answer
	finishFailed                       // the endpoint stopped the model
	finishRepetition                   // the endpoint's own guard found a loop
)

// finishKinds are the finish reasons of the usual endpoints, in lower case. With any
// other reason the text counts as incomplete.
var finishKinds = map[string]finishKind{
	"": finishMissing, "null": finishMissing, "none": finishMissing,

	"stop": finishStop, "end_turn": finishStop, "eos": finishStop, "eos_token": finishStop, "stop_sequence": finishStop, "0": finishStop,

	"length": finishLength, "model_length": finishLength, "max_tokens": finishLength, "max_output_tokens": finishLength, "max_length": finishLength,

	"content_filter": finishFiltered, "sensitive": finishFiltered, "refusal": finishFiltered, // OpenAI, Zhipu, Anthropic
	"safety": finishFiltered, "recitation": finishFiltered, "prohibited_content": finishFiltered, // Gemini
	"blocklist": finishFiltered, "spii": finishFiltered, "image_safety": finishFiltered,

	// OpenRouter; SGLang and vLLM; DeepSeek; Zhipu
	"error": finishFailed, "abort": finishFailed, "insufficient_system_resource": finishFailed, "network_error": finishFailed,

	"repetition": finishRepetition, // vLLM
}

func finishKindOf(reason string) finishKind { return finishKinds[strings.ToLower(reason)] }
