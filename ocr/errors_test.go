package ocr

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"slackocr/ocr/internal/events"
)

// failures are the ways an endpoint says that it failed, with status 200.
var failures = []behaviour{
	{
		name:   "200 with a JSON error is that error",
		answer: replies(200, "application/json", `{"error":{"message":"bad key","type":"auth_error"}}`),
		class:  KeyRefused, says: "bad key",
	},
	{
		name:   "200 with a web page is no answer, and tried once more",
		answer: replies(200, "text/html; charset=utf-8", `<html>log in</html>`),
		class:  Protocol, says: ErrWebPage.Error(), tries: 2,
	},
	{
		name:   "200 with a non-stream completion is read all the same",
		answer: replies(200, "application/json", completion("one", `"stop"`)),
		text:   "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "200 with plain text is not an event stream",
		answer: replies(200, "text/plain", "hello\nworld\n"),
		class:  Protocol, says: events.ErrNoEvents.Error(),
	},
	{
		name: "a stream without its content type is read all the same",
		answer: func(w http.ResponseWriter, _ *http.Request) {
			reply(w, 200, "application/octet-stream", delta("one")+finish("stop"))
		},
		text: "one", want: &Outcome{Model: "served", Words: 1},
	},
	{
		name:   "an error event after a comment keeps its message",
		answer: sends(": ping\n\n", `data: {"error":{"message":"too many","code":429}}`+"\n\n"),
		class:  Busy, says: "too many", tries: maxTries,
	},
	{
		name:   "an error event after an event line keeps its message",
		answer: sends("event: message\n", `data: {"error":{"message":"no such model","code":"model_not_found"}}`+"\n\n"),
		class:  NotFound, says: "no such model",
	},
	{
		name:   "an error event with spaces is an error",
		answer: sends(`data: { "error" : {"message":"bad picture","code":400}}` + "\n\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "an error event of older vLLM is an error",
		answer: sends(`data: {"object":"error","message":"bad picture","type":"BadRequestError","code":400}`+"\n\n", done),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "event: error is an error whatever its data",
		answer: sends("event: error\n", `data: {"code":400,"message":"bad picture"}`+"\n\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "an error field as llama.cpp once sent it is an error",
		answer: sends(`error: {"code":400,"message":"bad picture"}` + "\n\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "a bare JSON error in the stream is an error",
		answer: sends(`{"error":"bad picture","code":400}` + "\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "an error event that blames the request is not tried again",
		answer: sends(`data: {"error":{"message":"bad picture","type":"invalid_request_error"}}` + "\n\n"),
		class:  BadRequest, says: "bad picture",
	},
	{
		name:   "an error event that blames nobody is the endpoint's",
		answer: sends(`data: {"error":"oops"}` + "\n\n"),
		class:  Down, says: "oops", tries: maxTries,
	},
	{
		name:   "an error that is a list keeps its words",
		answer: sends(`data: {"error":["no such model"]}` + "\n\n"),
		class:  NotFound, says: "no such model",
	},
	{
		name:   "an error beside choices is an error",
		answer: sends(`data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"upstream"}}` + "\n\n"),
		class:  Down, says: "upstream", tries: maxTries,
	},
	{
		name:   "error null is no error, nor is the word in the text",
		answer: sends(`data: {"error":null,"choices":[{"index":0,"delta":{"content":"an \"error\": {}"}}]}`+"\n\n", finish("stop")),
		text:   `an "error": {}`, want: &Outcome{Model: "served", Words: 2},
	},
	{
		name:   "an error event after text leaves the text and is cut off",
		answer: sends(delta("one"), `data: {"error":{"message":"worker died","type":"model_server_error"}}`+"\n\n"),
		text:   "one", class: CutOff, tries: maxTries, says: "worker died",
	},
	{
		name:   "a moderation error after text says so",
		answer: sends(delta("one"), `data: {"error":{"message":"no","code":"sensitive_check_error"}}`+"\n\n"),
		text:   "one", class: Refused,
	},
	{
		name:   "finish reason content_filter is refused",
		answer: sends(delta("one"), finish("content_filter"), done),
		text:   "one", class: Refused,
	},
	{
		name:   "a refusal in the delta is refused",
		answer: sends(`data: {"choices":[{"index":0,"delta":{"refusal":"I cannot"}}]}` + "\n\n"),
		class:  Refused, says: "I cannot",
	},
	{
		name:   "finish reason abort is cut off",
		answer: sends(delta("one"), finish("abort"), done),
		text:   "one", class: CutOff, tries: maxTries,
	},
}

// compressed refuses a request, without a body.
func compressed(status int, encoding string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		reply(w, status, "application/json", "")
	}
}

// statuses are answers whose status is not 200.
var statuses = []behaviour{
	{
		name: "400 of moderation", class: Refused, says: "Sensitive chat messages",
		answer: replies(400, "application/json", `{"error":{"message":"Sensitive chat messages","type":"invalid_request_error","param":null,"code":"invalid_messages"}}`),
	},
	{
		name: "400 of a sensitive picture", class: Refused,
		answer: replies(400, "application/json", `{"error":{"message":"Sensitive check error","code":"sensitive_check_error"}}`),
	},
	{
		name: "400 of a bad parameter", class: BadRequest, says: "Invalid param",
		answer: replies(400, "application/json", `{"error":{"message":"Invalid param","code":"param_error"}}`),
	},
	{
		name: "400 of a model one may not use", class: NotFound,
		answer: replies(400, "application/json", `{"error":{"message":"No permission to use the model","code":"model_error"}}`),
	},
	{
		name: "400 of too many tokens", class: TooLarge,
		answer: replies(400, "application/json", `{"error":{"message":"Prompt tokens too long","code":"tokens_too_long"}}`),
	},
	{
		name: "400 of vLLM's context length", class: TooLarge,
		answer: replies(400, "application/json", `{"object":"error","message":"This model's maximum context length is 8192 tokens.","type":"BadRequestError","code":400}`),
	},
	{name: "422 with FastAPI's detail", class: BadRequest, says: "field required", answer: replies(422, "application/json", `{"detail":[{"msg":"field required"}]}`)},
	{name: "401", class: KeyRefused, answer: replies(401, "application/json", `{"error":{"message":"Validate Certification failed","code":"auth_error"}}`)},
	{name: "402 without a body", class: Unpaid, answer: replies(402, "", "")},
	{name: "403 as a web page", class: KeyRefused, says: "Forbidden", answer: replies(403, "text/html", "<h1>secret page</h1>")},
	{name: "404 of a path", class: NotFound, says: "page not found", answer: replies(404, "text/plain", "404 page not found\n")},
	{name: "405", class: NotFound, answer: replies(405, "", "")},
	{name: "413", class: TooLarge, answer: replies(413, "text/html", "<h1>too large</h1>")},
	{name: "429 of no credit is not tried again", class: Unpaid, answer: replies(429, "application/json", `{"error":{"message":"quota","code":"insufficient_quota"}}`)},
	{name: "429", class: Busy, tries: maxTries, answer: replies(429, "application/json", `{"error":{"message":"slow","code":"rate_limit"}}`)},
	{name: "408", class: Down, tries: maxTries, answer: replies(408, "", "")},
	{name: "500", class: Down, tries: maxTries, answer: replies(500, "application/json", `{"error":{"message":"x","code":"model_server_error"}}`)},
	{name: "502 as a web page", class: Down, tries: maxTries, says: "Bad Gateway", answer: replies(502, "text/html", "<h1>nginx</h1>")},
	{name: "504", class: Down, tries: maxTries, answer: replies(504, "application/json", `{"error":{"code":"gateway_timeout_error"}}`)},
	{name: "429 without a body, which is said to be compressed", class: Busy, tries: maxTries, answer: compressed(429, "gzip")},
	{name: "401 in a compression that nobody asked for", class: KeyRefused, answer: compressed(401, "br")},
	{name: "204", class: Protocol, answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }},
	{
		name: "307 is not followed", class: Protocol, says: "elsewhere.test",
		answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://elsewhere.test/v1/chat/completions")
			w.WriteHeader(307)
		},
	},
}

// others are errors in the words of other endpoints.
var others = []struct {
	name   string
	status int
	body   string
	class  Class
}{
	{"SGLang, too long", 400, `{"object":"error","message":"The input (9000 tokens) is longer than the model's context length (8192 tokens).","type":"BadRequestError","param":null,"code":400}`, TooLarge},
	{"llama.cpp, too long", 400, `{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":8192}}`, TooLarge},
	{"llama.cpp, older", 500, `{"error":{"code":500,"message":"input is too large to process. increase the physical batch size","type":"server_error"}}`, TooLarge},
	{"TGI, too long", 422, "{\"error\":\"Input validation error: `inputs` must have less than 4096 tokens. Given: 5000\",\"error_type\":\"validation\"}", TooLarge},
	{"TGI, busy", 429, `{"error":"Model is overloaded","error_type":"overloaded"}`, Busy},
	{"Together, too long", 422, "{\"error\":{\"message\":\"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 0 `max_new_tokens`\",\"type\":\"invalid_request_error\"}}", TooLarge},
	{"SiliconFlow, too long", 400, `{"code":20015,"message":"length of prompt_tokens (40000) must be less than max_seq_len (32768).","data":null}`, TooLarge},
	{"SiliconFlow, unpaid", 403, `{"code":30001,"message":"Sorry, your account balance is insufficient","data":null}`, Unpaid},
	{"SiliconFlow, no such model", 400, `{"code":20012,"message":"Model does not exist. Please check it carefully.","data":null}`, NotFound},
	{"SiliconFlow, in a stream", 200, `data: {"code":30001,"message":"Sorry, your account balance is insufficient","data":null}` + "\n\n", Unpaid},
	{"DashScope, too long", 400, `{"error":{"code":"invalid_parameter_error","message":"<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]","type":"invalid_request_error"}}`, TooLarge},
	{"DashScope, unpaid", 400, `{"error":{"message":"Access denied, please make sure your account is in good standing.","type":"Arrearage","param":null,"code":"Arrearage"}}`, Unpaid},
	{"DashScope, moderation", 400, `{"error":{"message":"Input data may contain inappropriate content.","type":"data_inspection_failed","code":"data_inspection_failed"}}`, Refused},
	{"DashScope, its own form", 400, `{"code":"DataInspectionFailed","message":"Input or output data may contain inappropriate content.","request_id":"x"}`, Refused},
	{"DashScope, busy", 400, `{"error":{"message":"Requests rate limit exceeded","code":"Throttling.RateQuota"}}`, Busy},
	{"Zhipu, unpaid", 429, `{"error":{"code":"1113","message":"您的账户已欠费，请充值后重试"}}`, Unpaid},
	{"Zhipu, moderation", 400, `{"error":{"code":"1301","message":"系统检测到输入或生成内容可能包含不安全或敏感内容"}}`, Refused},
	{"Zhipu, too long", 400, `{"error":{"code":"1261","message":"Prompt 超长"}}`, TooLarge},
	{"Zhipu, busy", 400, `{"error":{"code":"1302","message":"您当前使用该API的并发数过高"}}`, Busy},
	{"Zhipu, key", 400, `{"error":{"code":"1002","message":"Authorization Token非法"}}`, KeyRefused},
	{"OpenRouter, moderation", 403, `{"error":{"code":403,"message":"Provider returned an error","metadata":{"reasons":["violence"],"flagged_input":"…"}}}`, Refused},
	{"OpenRouter, key", 403, `{"error":{"code":403,"message":"Key limit reached"}}`, KeyRefused},
	{"OpenRouter, unpaid", 402, `{"error":{"code":402,"message":"Insufficient credits. Add more."}}`, Unpaid},
	{"OpenRouter, too long", 400, `{"error":{"code":400,"message":"This endpoint's maximum context length is 8192 tokens."}}`, TooLarge},
	{"OpenAI, unpaid", 429, `{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","code":"insufficient_quota"}}`, Unpaid},
	{"DeepSeek, unpaid", 402, `{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}`, Unpaid},
	{"Gemini, key", 400, `[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]`, KeyRefused},
	{"Gemini, no key", 400, `[{"error":{"code":400,"message":"Request is missing required credential.","status":"UNAUTHENTICATED"}}]`, KeyRefused},
	{"DeepSeek, key", 400, `{"error":{"message":"no","type":"authentication_error","code":"invalid_request_error"}}`, KeyRefused},
	{"OpenCode, key", 400, `{"type":"error","error":{"type":"AuthError","message":"no"}}`, KeyRefused},
	{"a code that only holds another one", 400, `{"error":{"code":"11134","message":"no"}}`, BadRequest},
	{"a code that only begins like another one", 400, `{"error":{"code":"unauthorized_region","message":"no"}}`, BadRequest},
	{"a type that only holds another one", 400, `{"error":{"type":"blocked_by_authority","message":"no"}}`, BadRequest},
}

func TestErrorsOfOtherEndpoints(t *testing.T) {
	for _, c := range others {
		tries := 1
		if c.class == Busy {
			tries = maxTries
		}
		b := behaviour{
			edit:   func(c *Config) { c.MaxTokens = NoLimit },
			answer: replies(c.status, "application/json", c.body), class: c.class, tries: tries,
		}
		t.Run(c.name, func(t *testing.T) { synctest.Test(t, b.check) })
	}
}

// TestEachClassHasItsRow, whole, and a name of its own.
func TestEachClassHasItsRow(t *testing.T) {
	names := map[string]Class{}
	for _, class := range Classes() {
		row := class.info()
		if row.name == "" || row.scope == 0 || row.noText == "" {
			t.Errorf("%v (%d) lacks a row of classes, or columns: %+v", class, int(class), row)
		}
		if other, ok := names[row.name]; ok {
			t.Errorf("%d and %d are both %q", int(other), int(class), row.name)
		}
		names[row.name] = class
	}
	for _, class := range []Class{-1, 0, endOfClasses} {
		e := Error{Class: class}
		if class.String() == "" || e.Temporary() || class.Scope() != 0 {
			t.Errorf("%d is no class, but %v has a row", int(class), class)
		}
	}
}

// TestEachClassHasACase in the tables of answers. Only time tells that a model is idle:
// timing_test.go.
func TestEachClassHasACase(t *testing.T) {
	met := map[Class]bool{Idle: true}
	for _, b := range slices.Concat(failures, statuses, wholes, shapes, finishes()) {
		met[b.class] = true
	}
	for _, c := range others {
		met[c.class] = true
	}
	for _, class := range Classes() {
		if !met[class] {
			t.Errorf("no answer is %q", class)
		}
	}
}
