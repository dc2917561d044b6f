package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"path"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// digest identifies a picture.
type digest [sha256.Size]byte

// call is one request to the API on its way through the server.
type call struct {
	srv     *Server
	r       *http.Request
	now     time.Time
	path    string // without a slash at the end
	form    *form
	app     *App // as it was when the request came; nil: unknown
	picture []byte
	digest  digest
}

func (s *Server) newCall(r *http.Request) *call {
	c := &call{srv: s, r: r, now: s.clock(), path: path.Clean("/" + r.URL.Path), form: readForm(r, &s.guesses)}
	if p := c.form.find("url_image"); p != nil && len(p.value) > 0 && !isURL(p.value) {
		if picture, ok := decodeBase64(p.value, s.guesses.Base64); ok {
			c.setPicture(picture)
		}
	}
	c.app = s.books.arrive(c.form.get("appid"), c.digest)
	return c
}

func (c *call) setPicture(b []byte) { c.picture, c.digest = b, sha256.Sum256(b) }

// judge runs every check, bills, and has the picture read. billed tells whether the charge stands.
func (c *call) judge() (rep *reply, billed bool) {
	if c.form.over {
		return c.tooLarge(), false
	}
	for _, chk := range c.srv.checks {
		if rep := chk.judge(c); rep != nil {
			return rep, false
		}
	}
	status, rep := c.checkPicture()
	if rep != nil {
		return rep, false
	}
	// The vendor bills before it answers, so the charge is made before recognition begins: whoever
	// hangs up now has paid.
	charge, rep := c.srv.books.charge(c.app.ID, c.digest)
	if rep != nil {
		return rep, false
	}
	rep = c.recognize(status)
	if rep.code != codeSuccess {
		charge.takeBack() // only 10000 is billed
		return rep, false
	}
	return rep, true
}

// checkPicture decodes or fetches the picture and holds it to the page's limits. A status tells that the
// picture is hopeless: it is billed, and no engine sees it.
func (c *call) checkPicture() (shared.PictureStatus, *reply) {
	g := &c.srv.guesses
	p := c.form.find("url_image")
	if p == nil || len(p.value) == 0 {
		return "", say(codeText, "缺少 url_image")
	}
	if rep := c.obtainPicture(p); rep != nil {
		return "", rep
	}
	size, ok := decodeSize(c.picture)
	if !ok {
		if g.Undecodable == guessRefuse {
			return "", say(codeText, "图片格式只支持 jpg、jpeg、png、bmp")
		}
		return shared.PictureStatus(g.Undecodable), nil
	}
	if why := sizeRefused(size); why != "" {
		if g.PixelLimits == guessRefuse {
			return "", say(codeText, why)
		}
		return shared.StatusUnknown, nil
	}
	return "", nil
}

// obtainPicture makes sure that there is a picture within the limits of its bytes.
func (c *call) obtainPicture(p *param) *reply {
	limit := c.srv.guesses.PictureLimit
	switch {
	case isURL(p.value) && len(p.value) > maxURLBytes:
		return say(codeText, fmt.Sprintf("图片 URL 超过 %d 字节", maxURLBytes))
	case isURL(p.value):
		picture, err := c.srv.fetch(c.r.Context(), string(p.value), limit)
		switch {
		case errors.Is(err, errTooLarge):
			return c.tooLarge()
		case errors.Is(err, errNotLoopback):
			return say(codeText, "此沙箱只下载本机地址的图片（fetch=any 可放开）")
		case err != nil:
			return say(codeText, "图片下载失败")
		}
		c.setPicture(picture)
		c.srv.books.fetched(c.app.ID, c.digest)
	case p.raw > limit:
		return c.tooLarge()
	case c.picture == nil:
		return say(codeText, "url_image 不是正确的 base64")
	}
	return nil
}

func (c *call) tooLarge() *reply {
	limit := c.srv.guesses.PictureLimit
	rep := say(codeText, fmt.Sprintf("图片过大：编码后不得超过 %d 字节（原图约 %d 字节）", limit, base64.StdEncoding.DecodedLen(limit)))
	if c.srv.guesses.Oversize == "413" {
		rep.status = http.StatusRequestEntityTooLarge
	}
	return rep
}

// recognize has the engine read the picture; a hopeless one has its status already.
func (c *call) recognize(status shared.PictureStatus) *reply {
	res := &shared.Result{Status: status}
	side, _ := shared.ParseSide(c.form.get("id_card_side")) // an unknown one that got here means detect
	if status == "" {
		var rep *reply
		if res, rep = c.srv.read(&shared.Request{Image: shared.Image{Bytes: c.picture}, Side: side}); rep != nil {
			return rep
		}
	}
	rep := refuse(codeSuccess)
	if c.srv.specimenEngine() {
		rep.text += "（引擎 specimen：只认得样本图片 / engine specimen: reads specimen pictures only）"
	}
	rep.data = cardAnswer(res, side, &c.srv.guesses)
	return rep
}

// read asks the engine. It goes on when the caller hangs up, because the call is paid for. A picture
// that the engine cannot read is an answer; a failure or a panic of the engine is the vendor's.
func (s *Server) read(req *shared.Request) (res *shared.Result, rep *reply) {
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	case <-s.ctx.Done():
		return nil, refuse(codeServerError)
	}
	defer func() {
		if recover() != nil {
			res, rep = nil, refuse(codeUnknownError)
		}
	}()
	res, err := s.engine.Recognize(s.ctx, req)
	var e *shared.Error
	switch {
	case err == nil && res != nil:
		return res, nil
	case errors.As(err, &e) && e.Class() == shared.ClassInput:
		return &shared.Result{Status: statusOf(e.Code)}, nil
	}
	return nil, refuse(codeServerError)
}

// statusOf is the image_status of a picture that an engine refuses.
func statusOf(c shared.Code) shared.PictureStatus {
	switch c {
	case shared.CodeNotAPicture, shared.CodePictureEmpty, shared.CodePictureBlank, shared.CodeFormatUnsupported:
		return shared.StatusNonIDCard
	default:
		return shared.StatusUnknown
	}
}

// describe asks the engine what it is.
func describe(ctx context.Context, engine shared.Recognizer) (*shared.Description, error) {
	d, err := engine.Describe(ctx)
	if err == nil && d == nil {
		err = errors.New("sandbox: the engine does not describe itself")
	}
	return d, err
}
