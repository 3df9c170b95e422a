package localslack

import (
	"slackocr/bot/localslack/internal/webapi"
)

// apiTest returns the arguments, or the requested error.
func apiTest(c *call) (answer, error) {
	if e := c.Args["error"]; e != "" {
		return nil, webapi.Err(e)
	}
	return answer{"args": c.Args}, nil
}

func authTest(c *call) (answer, error) {
	ans := answer{
		"url": c.w.teamURL() + "/", "team": c.w.team.Name, "team_id": c.w.appTeam(c.app),
		"user": c.w.users[c.app.BotUserID].Name, "user_id": c.app.BotUserID,
		"bot_id": c.app.BotID, "is_enterprise_install": c.app.OrgInstall,
	}
	if c.w.enterprise != nil {
		ans["enterprise_id"] = c.w.enterprise.id
	}
	if c.app.OrgInstall {
		ans["team"] = c.w.enterprise.name
	}
	return ans, nil
}

// connectionsOpen returns the address of a Socket Mode connection.
func connectionsOpen(c *call) (answer, error) {
	return answer{"url": c.app.socket.Address(c.base)}, nil
}

func usersInfo(c *call) (answer, error) {
	u := c.w.users[c.Args["user"]]
	if u == nil {
		return nil, webapi.Err("user_not_found")
	}
	v := *u
	v.IsStranger = c.w.stranger(c.app, u.ID)
	v.EnterpriseUser = c.w.enterpriseUser(u)
	if u.home == HomeOrganization {
		v.TeamID = ""
	}
	return answer{"user": v}, nil
}

func botsInfo(c *call) (answer, error) {
	for _, a := range c.w.apps {
		if a.BotID == c.Args["bot"] {
			return answer{"bot": map[string]any{
				"id": a.BotID, "deleted": false, "name": a.Name, "app_id": a.AppID, "user_id": a.BotUserID,
				"updated": c.w.users[a.BotUserID].Updated, "icons": map[string]string{},
			}}, nil
		}
	}
	return nil, webapi.Err("bot_not_found")
}
