package bot_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"slackocr/bot/localslack"
)

// flood is what one person does to silence the others, for as long as ctx lasts.
type flood struct {
	*house
	person   string
	channels []string // all of them have the bot in them
	ctx      context.Context
	doing    sync.WaitGroup
}

// floodTime is how long a flood lasts, in fake time: half a minute, or the duration in
// the environment variable FLOOD, such as 2m (see make soak).
var floodTime = func() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("FLOOD")); err == nil {
		return d
	}
	return 30 * time.Second
}()

// every does something again and again until the flood ends, whether the bot answers or
// not. n counts from 0.
func (f *flood) every(pause time.Duration, do func(n int)) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for n := 0; f.ctx.Err() == nil; n++ {
		f.doing.Go(func() { do(n) })
		select {
		case <-ticker.C:
		case <-f.ctx.Done():
		}
	}
}

// at is the channel of the n-th deed.
func (f *flood) at(n int) string { return f.channels[n%len(f.channels)] }

// picture posts a picture and returns its message's timestamp.
func (f *flood) picture(channel, thread, text string) (ts string) {
	return f.postIn(f.person, channel, thread, text, "flood.png")
}

// answered waits until a picture was read in a channel, and returns the first message of
// the bot that has an action.
func (f *flood) answered(channel, action string) (ts string) {
	f.closedIn(channel, f.picture(channel, "", ""))
	for _, m := range f.spoken(channel) {
		if hasAction(m, action) {
			return m.TS
		}
	}
	f.Fatalf("no message has the action %s", action)
	return ""
}

// again sends the event of a message in a thread that carries files which the thread had
// before.
func (f *flood) again(channel, thread string, files []localslack.File, n int) {
	f.ws.Emit(f.app.AppID, map[string]any{
		"type": "message", "subtype": "file_share", "channel": channel, "channel_type": "channel", "user": f.person,
		"ts": fmt.Sprintf("%d.%06d", time.Now().Unix(), n), "thread_ts": thread, "text": "", "files": files,
	})
}

// floods are all that one person can do to many things at once.
var floods = map[string]func(f *flood){
	"sixty pictures in a thread within three seconds": func(f *flood) {
		thread := f.talk(f.person, f.channels[0], "", "words")
		f.every(50*time.Millisecond, func(n int) {
			if n%600 < 60 {
				f.picture(f.channels[0], thread, "")
			}
		})
	},
	"files that a thread had before": func(f *flood) {
		thread := f.picture(f.channels[0], "", "")
		files := f.ws.Thread(f.channels[0], thread)[0].Files
		f.every(50*time.Millisecond, func(n int) {
			if n%600 < 60 {
				f.again(f.channels[0], thread, files, n)
			}
		})
	},
	"mentions without a picture in eight channels": func(f *flood) {
		f.every(400*time.Millisecond, func(n int) { f.talk(f.person, f.at(n), "", f.named("")) })
	},
	"mentions in threads": func(f *flood) {
		thread := f.talk(f.person, f.channels[0], "", "words")
		f.every(400*time.Millisecond, func(n int) { f.talk(f.person, f.channels[0], thread, f.named("thanks a lot!")) })
	},
	"two hundred pictures in eight channels": func(f *flood) {
		f.every(300*time.Millisecond, func(n int) {
			if n < 200 {
				f.picture(f.at(n), "", "")
			}
		})
	},
	"posts with ten pictures each": func(f *flood) {
		f.every(time.Second, func(n int) {
			f.postIn(f.person, f.at(n), "", "", "0.png", "1.png", "2.png", "3.png", "4.png", "5.png", "6.png", "7.png", "8.png", "9.png")
		})
	},
	"commands": func(f *flood) {
		text := []string{"last", "status", "help", "auto", "auto all", "auto mention", "nonsense", "forget"}
		f.every(200*time.Millisecond, func(n int) {
			_ = f.ws.Command(f.ctx, f.person, f.at(n), "/ocr", text[n%len(text)])
		})
	},
	"links": func(f *flood) {
		link := f.ws.Permalink(f.channels[0], f.picture(f.channels[0], "", ""))
		f.every(200*time.Millisecond, func(n int) {
			text := []string{link, link + " text", "http://127.0.0.1/a.png", "https://acme.slack.com/files/U012345/F0UNKNOWN1/a.png"}
			_ = f.ws.Command(f.ctx, f.person, f.at(n), "/ocr", text[n%len(text)])
		})
	},
	"windows": func(f *flood) {
		f.every(400*time.Millisecond, func(n int) {
			_ = f.ws.Command(f.ctx, f.person, f.at(n), "/ocr", "")
			for _, view := range f.ws.Views(f.person) {
				_, _ = f.ws.Submit(f.ctx, f.person, view.ID, nil, map[string][]localslack.Upload{"files": {{Name: "flood.png", Data: picture}}})
			}
		})
	},
	"presses": func(f *flood) {
		ts := f.answered(f.channels[0], "again")
		f.every(200*time.Millisecond, func(n int) {
			if n%2 == 0 {
				_ = f.ws.Press(f.ctx, f.person, f.channels[0], ts, "send")
			} else {
				_ = f.ws.Press(f.ctx, f.person, f.channels[0], ts, "again", "text")
			}
		})
	},
	"presses on another's result": func(f *flood) {
		f.ws.Join(f.channel, f.person)
		mine := f.post("ann.png")
		f.closed(mine)
		ts := f.withAction(f.channel, mine, "again")
		f.every(200*time.Millisecond, func(n int) { _ = f.ws.Press(f.ctx, f.person, f.channel, ts, "again", "text") })
	},
	"shortcuts": func(f *flood) {
		ts := f.picture(f.channels[0], "", "")
		f.every(200*time.Millisecond, func(int) { _ = f.ws.Shortcut(f.ctx, f.person, f.channels[0], ts, "extract") })
	},
	"reactions": func(f *flood) {
		f.every(200*time.Millisecond, func(n int) {
			_ = f.ws.React(f.person, f.at(n), f.talk(f.person, f.at(n), "", "words"), "page_facing_up")
		})
	},
	"a PDF with many slow pages": func(f *flood) {
		pdf := scan(f.TB, 50)
		f.every(10*time.Second, func(n int) {
			_, _ = f.ws.Post(f.person, localslack.Post{Channel: f.at(n), Files: []localslack.Upload{{Name: "slow.pdf", Data: pdf}}})
		})
	},
	"pictures that are deleted": func(f *flood) {
		f.every(300*time.Millisecond, func(n int) {
			ts := f.picture(f.at(n), "", "")
			<-time.After(time.Second)
			_ = f.ws.Delete(f.person, f.at(n), ts)
		})
	},
	"files that are deleted": func(f *flood) {
		f.every(300*time.Millisecond, func(n int) {
			ts := f.picture(f.at(n), "", "")
			for _, file := range f.ws.Thread(f.at(n), ts)[0].Files {
				_ = f.ws.DeleteFile(f.person, file.ID)
			}
		})
	},
	"messages": func(f *flood) {
		f.every(200*time.Millisecond, func(n int) { f.talk(f.person, f.at(n), "", "words") })
	},
	"messages that are edited": func(f *flood) {
		f.every(400*time.Millisecond, func(n int) {
			_ = f.ws.Edit(f.person, f.at(n), f.talk(f.person, f.at(n), "", "words"), f.named(""))
		})
	},
	"words in a thread": func(f *flood) {
		thread := f.picture(f.channels[0], "", "")
		f.closedIn(f.channels[0], thread)
		f.every(time.Second, func(n int) { f.talk(f.person, f.channels[0], thread, "describe") })
	},
	"direct messages": func(f *flood) {
		direct := f.direct(f.person)
		f.every(400*time.Millisecond, func(n int) { f.talk(f.person, direct, "", "hello") })
	},
	"looks at the bot's home": func(f *flood) {
		f.every(400*time.Millisecond, func(int) { f.opens(f.person, "messages") })
	},
	"forgetting": func(f *flood) {
		f.every(time.Second, func(n int) {
			f.picture(f.at(n), "", "")
			_ = f.ws.Command(f.ctx, f.person, f.at(n), "/ocr", "forget")
			all := f.ws.Ephemerals(f.person)
			for _, e := range all[max(0, len(all)-3):] {
				_ = f.ws.Press(f.ctx, f.person, e.Channel, e.Message.TS, "forget")
			}
		})
	},
}

// served is how a colleague was served.
type served struct {
	ack, reply, text time.Duration // the longest
}

// askEvery is the time between two pictures of the colleague.
const askEvery = 15 * time.Second

// colleague posts pictures in a channel of their own for as long as a flood lasts, and
// returns how long the bot took at most.
func (h *house) colleague() (longest served) {
	h.Helper()
	bob := h.ws.AddUser("bob")
	quiet := h.ws.AddChannel("quiet", false, bob, h.app.BotUserID)
	for range int(floodTime / askEvery) {
		next := time.After(askEvery)
		asked := time.Now()
		ts := h.postIn(bob, quiet, "", "", "page.png")
		for n, took := range []*time.Duration{1: &longest.reply, 2: &longest.text} {
			if took == nil {
				continue
			}
			h.waitIn(quiet, "a message in the thread", func() bool { return len(h.ws.Thread(quiet, ts)) > n })
			*took = max(*took, time.Since(asked))
		}
		for _, a := range h.ws.Acks() {
			if strings.Contains(string(a.Payload), bob) {
				longest.ack = max(longest.ack, a.Took)
			}
		}
		<-next
	}
	return longest
}

// during runs a flood, or none, and returns how a colleague was served in that time.
func during(t *testing.T, do func(f *flood)) (longest served) {
	t.Helper()
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(500*time.Millisecond, "A", "page", "of", "six", "words", fmt.Sprint(time.Now().UnixNano()))
			w.end("stop")
		})
		h.pass(2 * time.Minute) // the budget of calls to Slack grows full
		f := &flood{house: h, person: h.ws.AddUser("mallory")}
		for i := range 8 {
			f.channels = append(f.channels, h.ws.AddChannel(fmt.Sprint("flooded-", i), false, f.person, h.app.BotUserID))
		}
		var stop context.CancelFunc
		f.ctx, stop = context.WithTimeout(h.Context(), floodTime)
		defer stop()
		if do != nil {
			f.doing.Go(func() { do(f) })
		}
		longest = h.colleague()
		stop()
		f.doing.Wait()
	})
	return longest
}

// TestOnePersonSilencesNobody: whatever one person does, the bot acknowledges a
// colleague's event within a second, replies within two, and needs at most twice the time
// for the text that it needs without the flood.
func TestOnePersonSilencesNobody(t *testing.T) {
	calm := during(t, nil)
	t.Logf("without a flood: %+v", calm)
	for name, do := range floods {
		t.Run(name, func(t *testing.T) {
			got := during(t, do)
			t.Logf("%+v", got)
			if got.ack > time.Second || got.reply > 2*time.Second || got.text > 2*calm.text {
				t.Errorf("%+v, without the flood %+v", got, calm)
			}
		})
	}
}
