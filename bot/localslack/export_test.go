package localslack

// What the page gets is none of the package's API. The tests look at it all the same.

type (
	State  = pageSnapshot
	Change = change
)

func (w *Workspace) Snapshot(user string) State { return w.snapshot(user) }

func (w *Workspace) SubscribeSince(user string, seq int64) (changes <-chan Change, cancel func(), ok bool) {
	return w.subscribeSince(user, seq)
}
