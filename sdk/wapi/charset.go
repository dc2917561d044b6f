package wapi

import (
	"bytes"
	"errors"
	"mime"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

var errCharset = errors.New("the answer is in a charset that is not supported")

// xmlEncoding finds the charset that an XML declaration names.
var xmlEncoding = regexp.MustCompile(`^<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']`)

var (
	utf8BOM     = []byte("\xEF\xBB\xBF")
	replacement = []byte("\uFFFD")
)

// toUTF8 returns an answer in UTF-8, without a byte order mark. It believes the charset that the
// header or the XML declaration names, and never guesses one. Bytes that are none in it become U+FFFD:
// the rest of a paid answer is worth having.
func toUTF8(raw []byte, contentType string) ([]byte, error) {
	if text, ok := bytes.CutPrefix(raw, utf8BOM); ok {
		return bytes.ToValidUTF8(text, replacement), nil
	}
	name := ""
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		name = params["charset"]
	}
	if m := xmlEncoding.FindSubmatch(raw); name == "" && m != nil {
		name = string(m[1])
	}
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return bytes.ToValidUTF8(raw, replacement), nil
	case "gbk", "gb2312", "gb18030", "x-gbk", "cp936":
		// GB 18030 contains the other two.
		text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
		if err != nil {
			return nil, errCharset
		}
		return text, nil
	}
	return nil, errCharset
}
