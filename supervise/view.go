package supervise

import (
	"time"

	"holdline/queue"
)

// ContactView is a live contact as a supervisor sees it.
type ContactView struct {
	Contact    string             `json:"contact"`
	State      queue.ContactState `json:"state"`
	Queue      string             `json:"queue"`
	Need       int64              `json:"need"` // its id in the directory
	Medium     queue.Medium       `json:"medium"`
	Position   int                `json:"position,omitempty"` // 1 is next; not in lists
	Step       int                `json:"step"`
	Arrived    time.Time          `json:"arrived"`
	WaitMS     int64              `json:"wait_ms"` // until the answer, or until now
	Priority   int                `json:"priority"`
	CreditMS   int64              `json:"credit_ms"`
	Agent      string             `json:"agent,omitempty"`   // who talks with them
	Prefers    string             `json:"prefers,omitempty"` // for whom alone they wait
	Given      bool               `json:"given,omitempty"`
	Attempts   int                `json:"attempts"`
	Skip       []string           `json:"skip,omitempty"`
	CallerName string             `json:"caller_name"`
	Number     string             `json:"caller_number"`
	Language   string             `json:"language"`
	Node       string             `json:"node"`
	Channel    string             `json:"channel"`
	Outcome    string             `json:"outcome,omitempty"`
	Reason     string             `json:"reason,omitempty"`
	CameTo     string             `json:"came_to,omitempty"`
}

func viewOf(c queue.Contact, now time.Time) ContactView {
	until := now
	if !c.AnsweredAt.IsZero() {
		until = c.AnsweredAt
	}
	return ContactView{
		Contact: c.ID, State: c.State, Queue: c.Queue, Need: c.Need, Medium: c.Medium, Step: c.Step, Arrived: c.Arrived,
		WaitMS: max(0, until.Sub(c.Arrived).Milliseconds()), Priority: c.Priority, CreditMS: c.Credit.Milliseconds(),
		Agent: c.Agent, Prefers: c.Prefers, Given: c.Given, Attempts: c.Attempts, Skip: c.Skip, CallerName: c.CallerName,
		Number: c.CallerNumber, Language: c.Language, Node: c.Node, Channel: c.Channel, Outcome: c.Outcome, Reason: c.Reason,
		CameTo: c.CameTo,
	}
}
