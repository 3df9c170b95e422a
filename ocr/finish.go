package ocr

import "strings"

// A way is the meaning of a finish reason.
type way int

const (
	unknownWay way = iota // not known to be a good one
	noReason              // no finish reason was given
	atEnd                 // the model has finished
	atLimit               // the answer was cut at a limit
	withheld              // a filter or the model itself withheld the answer
	failed                // the endpoint stopped the model
	repeating             // the endpoint's own guard found a loop
)

// ways are the finish reasons of the usual endpoints, in lower case. With any
// other reason the text counts as incomplete.
var ways = map[string]way{
	"": noReason, "null": noReason, "none": noReason,

	"stop": atEnd, "end_turn": atEnd, "eos": atEnd, "eos_token": atEnd, "stop_sequence": atEnd, "0": atEnd,

	"length": atLimit, "model_length": atLimit, "max_tokens": atLimit, "max_output_tokens": atLimit, "max_length": atLimit,

	"content_filter": withheld, "sensitive": withheld, "refusal": withheld, // OpenAI, Zhipu, Anthropic
	"safety": withheld, "recitation": withheld, "prohibited_content": withheld, // Gemini
	"blocklist": withheld, "spii": withheld, "image_safety": withheld,

	// OpenRouter; SGLang and vLLM; DeepSeek; Zhipu
	"error": failed, "abort": failed, "insufficient_system_resource": failed, "network_error": failed,

	"repetition": repeating, // vLLM
}

func wayOf(reason string) way { return ways[strings.ToLower(reason)] }
