package ocr

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"slackocr/ocr/clean"
)

// A profile is what one family of endpoints wants: all that depends on the model
// and its server stands here.
type profile struct {
	name    string
	prompts map[Kind]string // %s is what Locate looks for
	// signs makes what people write safe to stand in a prompt.
	signs *strings.Replacer
	// maxTokens is the default for the longest answer; 0 leaves it to the endpoint.
	maxTokens int
	// context is what the image, the prompt and the answer may have together, in
	// tokens; 0 where that is not known. An answer that reaches it was cut.
	context int
	// extra are fields of the request's body beside OpenAI's.
	extra map[string]json.RawMessage
	// askUsage says that a stream tells its tokens only when it is asked to.
	askUsage bool
	// canvas gives the size that an image has to the model.
	canvas func(width, height int) (w, h int)
	// cleaning says what becomes of the model's own signs.
	cleaning func(Mode) clean.Rules
}

// deepseekPrompts are the words that DeepSeek-OCR was trained with:
// https://github.com/deepseek-ai/DeepSeek-OCR#prompts-examples
var deepseekPrompts = map[Kind]string{
	Markdown: "<|grounding|>Convert the document to markdown.",
	Plain:    "Free OCR.",
	Figure:   "Parse the figure.",
	Describe: "Describe this image in detail.",
	Locate:   "Locate <|ref|>%s<|/ref|> in the image.",
}

// deepseekSigns keeps the model's own signs out of what people write.
var deepseekSigns = strings.NewReplacer("<|", "< |", "|>", "| >", "<｜", "< ｜", "｜>", "｜ >")

// deepseekContext is the model's context in tokens. The usual image takes about
// 900 of them.
const deepseekContext = 8192

// profiles are all there are; the first is the default.
var profiles = []profile{
	{
		// ModelVerse documents this prompt and this limit:
		// https://www.ucloud-global.com/en/docs/modelverse
		name:      "deepseek-ocr",
		prompts:   with(deepseekPrompts, Markdown, DefaultPrompt),
		signs:     deepseekSigns,
		maxTokens: 8192,
		context:   deepseekContext,
		canvas:    Canvas,
		cleaning:  cleaningOf,
	},
	{
		// vLLM refuses prompt and max_tokens over the context, so the limit is left
		// out. The other fields are those of its recipe:
		// https://docs.vllm.ai/projects/recipes/en/latest/DeepSeek/DeepSeek-OCR.html
		name:     "deepseek-ocr-vllm",
		prompts:  deepseekPrompts,
		signs:    deepseekSigns,
		context:  deepseekContext,
		askUsage: true,
		extra: map[string]json.RawMessage{
			"skip_special_tokens": json.RawMessage(`false`),
			// 128821 and 128822 are <td> and </td>.
			"vllm_xargs": json.RawMessage(`{"ngram_size":30,"window_size":90,"whitelist_token_ids":[128821,128822]}`),
		},
		canvas:   Canvas,
		cleaning: cleaningOf,
	},
	{
		// Ollama and llama.cpp set no limit of their own, and answer without end
		// when the model loops: https://github.com/ollama/ollama/issues/13345
		name:      "deepseek-ocr-ollama",
		prompts:   deepseekPrompts,
		signs:     deepseekSigns,
		maxTokens: 4096,
		context:   deepseekContext,
		askUsage:  true,
		canvas:    Canvas,
		cleaning:  cleaningOf,
	},
	{
		name: "chat",
		prompts: map[Kind]string{
			Markdown: "Write down the text in this image as Markdown, in reading order, tables as Markdown tables. Write nothing but that text, and nothing at all where there is none.",
			Plain:    "Write down the text in this image as it stands, line by line, without any formatting. Write nothing but that text.",
			Figure:   "Read this chart or drawing: its title, labels and values, as a Markdown table where it has data. Write nothing that is not in it.",
			Describe: "Describe this image in detail.",
			Locate:   "Find \"%s\" in this image. For each place where it stands write one line [[x1, y1, x2, y2]]: the corners of its box, as numbers from 0 to 999 across the image's width and height. Write nothing else.",
		},
		signs:    strings.NewReplacer(`"`, `'`),
		canvas:   chatCanvas,
		cleaning: chatCleaning,
	},
}

func with(prompts map[Kind]string, kind Kind, prompt string) map[Kind]string {
	changed := map[Kind]string{kind: prompt}
	for k, p := range prompts {
		if k != kind {
			changed[k] = p
		}
	}
	return changed
}

// Profiles returns the names of the profiles.
func Profiles() []string {
	var names []string
	for _, p := range profiles {
		names = append(names, p.name)
	}
	return names
}

// chatModels are parts of the names of models that follow ordinary
// instructions.
var chatModels = []string{
	"gpt", "claude", "gemini", "qwen", "llava", "llama", "pixtral", "mistral", "internvl",
	"minicpm", "gemma", "nanonets", "-vl", "vision", "grok", "phi-", "molmo", "moondream",
}

// findProfile gives the profile of a name, or where that is empty the one that
// fits the model's name. A model of no known family is asked as DeepSeek-OCR is:
// that prompt is an ordinary instruction too.
func findProfile(name, model string) (profile, error) {
	if name == "" {
		name = profileOf(strings.ToLower(model))
	}
	i := slices.IndexFunc(profiles, func(p profile) bool { return p.name == name })
	if i < 0 {
		return profile{}, fmt.Errorf("there is no profile %q; there are %s", tidy(name), strings.Join(Profiles(), ", "))
	}
	return profiles[i], nil
}

func profileOf(model string) string {
	switch {
	case strings.Contains(model, "deepseek-ocr") || strings.Contains(model, "deepseek_ocr"):
		// Ollama's names have no owner and may have a tag; llama.cpp's are files.
		_, file, _ := strings.Cut(model, "deepseek")
		if !strings.Contains(model, "/") || strings.Contains(file, "gguf") {
			return "deepseek-ocr-ollama"
		}
	case slices.ContainsFunc(chatModels, func(part string) bool { return strings.Contains(model, part) }):
		return "chat"
	}
	return profiles[0].name
}

// prompt is what the model is asked in the mode m.
func (p profile) prompt(m Mode) string {
	switch m.Kind {
	case Prompt:
		return p.signs.Replace(m.Argument)
	case Locate:
		return strings.Replace(p.prompts[Locate], "%s", p.signs.Replace(m.Argument), 1)
	case "":
		return p.prompts[Markdown]
	}
	return p.prompts[m.Kind]
}

// chatSide is the longest side that is of use to the usual vision models.
const chatSide = 2048

// chatCanvas gives the size of an image whose longer side is chatSide.
func chatCanvas(width, height int) (w, h int) {
	longest := max(width, height)
	if longest <= 0 {
		return chatSide, chatSide
	}
	return max(1, width*chatSide/longest), max(1, height*chatSide/longest)
}
