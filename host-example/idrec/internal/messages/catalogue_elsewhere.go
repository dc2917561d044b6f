package messages

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// elsewhere is what plugins, the host's library and the ledger say most often. They speak English only, as
// their words go into records and logs; what is not here is said as they say it. A %v stands for
// anything.
var elsewhere = map[string]string{ //nolint:gosec // it speaks of secrets and holds none
	"appid is missing: give the application's id":                                                                                         "缺少 appid：请给出应用的 ID",
	"a picture in the format %v, which is not read here: convert it to jpg or png":                                                        "图片为 %v 格式，此处无法读取：请转换为 jpg 或 png",
	"a rare kind of %v that is not read here: save it as an ordinary jpg or png":                                                          "少见的 %v 变体，此处无法读取：请另存为普通的 jpg 或 png",
	"an earlier call for this picture was begun, and how it ended is not known: it may be billed; see whether it was before asking again": "该图片此前的一次调用已开始，其结果不明：可能已计费；请先核实再决定是否重新提交",
	"appid has a space, a line break or another character that no appid has":                                                              "appid 含有空格、换行或其他不应有的字符",
	"no calls are left of the package of %v: buy more, and then raise calls_package":                                                      "%v 次的套餐已用完：请购买后提高 calls_package",
	"%v calls are left of the package of %v: buy more before they run out, and then raise calls_package":                                  "套餐剩余 %[1]v 次（共 %[2]v 次）：请在用完之前购买，然后提高 calls_package",
	"no plugin %v beside the host's program or in the plugin folders: install it there, or give its path":                                 "程序旁及插件文件夹中没有插件 %v：请安装到那里，或给出其路径",
	"no file at the plugin's path: check the path":                                                                                        "插件路径处没有文件：请检查路径",
	"secret has a space, a line break or another character that no secret has: give the secret alone":                                     "密钥含有空格、换行或其他不应有的字符：请只给出密钥本身",
	"secret is missing: give the application's secret, by file, environment or command":                                                   "缺少密钥：请以文件、环境变量或命令给出应用的密钥",
	"the budget of %v per %v is spent or reserved: raise it":                                                                              "预算 %v（按 %v）已用完或已预留：请提高",
	"the content is no picture, whatever its name says: give a jpg, png, bmp, gif, webp or tiff":                                          "内容不是图片，与文件名无关：请使用 jpg、png、bmp、gif、webp 或 tiff",
	"the disk is full: make room":                                                                                                                "磁盘已满：请腾出空间",
	"the environment variable that should hold the secret is not set":                                                                            "应存放密钥的环境变量没有设置",
	"the host of the picture's address is not allowed: add it to url_hosts, or give the picture itself":                                          "图片地址的主机不在放行名单中：请加入 url_hosts，或直接给出图片",
	"the ledger lies in a folder for temporary files: when it is cleaned, its pictures are paid again":                                           "账本位于临时文件夹：一旦被清理，其中的图片会再次付费",
	"the ledger lies in memory or in a container's own layer: it is lost with the machine or the container, and its pictures are paid again":     "账本位于内存或容器自身的层中：会随机器或容器一起丢失，其中的图片会再次付费",
	"the ledger lies on a file system of which it is not known whether its locks and syncs can be relied on":                                     "账本所在的文件系统，不清楚其锁和同步是否可靠",
	"the ledger was written by a newer version: use that version":                                                                                "账本由更新的版本写入：请使用那个版本",
	"the ledger's file is another program's database: name another file":                                                                         "账本文件是其他程序的数据库：请换一个文件",
	"the ledger's file is empty: restore a copy, or remove it to start a new one":                                                                "账本文件为空：请恢复副本，或将其删除以新建",
	"the ledger's file is gone and the end of its log is there (-wal): restore the file, or remove the log to start a new ledger":                "账本文件不见了，而其日志末尾（-wal）还在：请恢复文件，或删除日志以新建账本",
	"the ledger's file lies on a network file system, where locks cannot be relied on: name a file on a local disk, or use postgres://…":         "账本文件位于网络文件系统，那里的锁不可靠：请使用本地磁盘上的文件，或 postgres://…",
	"the ledger's key file does not exist":                                                                                                       "账本的密钥文件不存在",
	"the ledger's key file is not there: restore it, for without its key nothing in the ledger can be read":                                      "账本的密钥文件不见了：请恢复它，没有密钥就无法读取账本中的任何内容",
	"the ledger's key file is open to others than its owner (mode %v): chmod 600":                                                                "账本的密钥文件对所有者以外的人开放（模式 %v）：请执行 chmod 600",
	"the ledger's key file may not be read or made by this user: see to its permissions, or name another file":                                   "当前用户无权读取或创建账本的密钥文件：请检查权限，或换一个文件",
	"the lock file cannot be opened: check its permissions":                                                                                      "锁定文件无法打开：请检查权限",
	"the lock file is damaged: write it anew with idrec plugins lock":                                                                            "锁定文件已损坏：请用 idrec plugins lock 重新写入",
	"the picture does not exist: check its path":                                                                                                 "图片不存在：请检查路径",
	"the picture has %v × %v pixels, and at most %v million are read: make it smaller":                                                           "图片为 %v × %v 像素，最多读取 %v 百万像素：请缩小",
	"the picture has %v × %v pixels, and each side needs %v: take it again, larger":                                                              "图片为 %v × %v 像素，每边至少需要 %v：请用更大的尺寸重新拍摄",
	"the picture has %v × %v pixels, and the vendor takes %v or more a side: take it again, larger":                                              "图片为 %v × %v 像素，服务商要求每边至少 %v：请用更大的尺寸重新拍摄",
	"the picture has %v × %v pixels, and the vendor takes at most %v a side: make it smaller":                                                    "图片为 %v × %v 像素，服务商要求每边最多 %v：请缩小",
	"the picture has another SHA-256 than the request says: it changed, or is not the one meant":                                                 "图片的 SHA-256 与所给的不同：它已改变，或不是所指的那一张",
	"the picture has no bytes: copy or take it again":                                                                                            "图片没有内容（0 字节）：请重新复制或重新拍摄",
	"the picture is damaged or cut short: copy or take it again":                                                                                 "图片已损坏或不完整：请重新复制或重新拍摄",
	"the picture is larger than 128 MiB, the most that is read: make it smaller":                                                                 "图片大于 128 MiB 的上限：请缩小",
	"the picture may not be read: check its permissions":                                                                                         "无权读取图片：请检查权限",
	"the picture of %v × %v pixels is too long and narrow for the provider's limits":                                                             "图片为 %v × %v 像素，过于狭长，超出服务方的限制",
	"the picture shows one flat colour: take it again":                                                                                           "图片为单一颜色：请重新拍摄",
	"the picture was written while it was read: try again when nobody writes to it":                                                              "图片在读取时正被写入：待无人写入后重试",
	"the picture's address leads to a private or reserved network: add its host to url_private_hosts if it is meant, or give the picture itself": "图片地址指向内部或保留网络：若确有此意，请把主机加入 url_private_hosts，或直接给出图片",
	"the picture's download broke off: try again, or give the picture itself":                                                                    "图片下载中断：请重试，或直接给出图片",
	"the picture's path is no regular file: give the path of a picture":                                                                          "图片路径不是普通文件：请给出图片的路径",
	"the plugin keeps ending, and nothing was sent: see its log":                                                                                 "插件反复退出，没有发送任何内容：请查看其日志",
	"the plugin's file has not the pinned SHA-256: install the right version, or pin this one if you trust it":                                   "插件文件的 SHA-256 与锁定的不同：请安装正确的版本；若信任当前文件，请锁定它",
	"the plugin's file is empty or cannot be read: install it again":                                                                             "插件文件为空或无法读取：请重新安装",
	"the plugin's file is not executable: set its permission with chmod +x":                                                                      "插件文件不可执行：请用 chmod +x 设置权限",
	"the plugin's file is not the one in the lock file: install the locked version, or lock this one with idrec plugins lock if you trust it":    "插件文件与锁定文件中的不同：请安装锁定的版本；若信任当前文件，请用 idrec plugins lock 锁定它",
	"the plugin's process has ended, and nothing was sent: open it again":                                                                        "插件进程已结束，没有发送任何内容：请重新启动",
	"the provider is configured": "服务方已配置",
	"the rate limit leaves no time for this call before its deadline: allow more time or a higher rate": "速率限制使本次调用无法在时限之前完成：请放宽时限或提高速率",
	"the secret is empty": "密钥为空",
	"the secret's command did not end in time: it must not wait for a person":                                                        "输出密钥的命令没有及时结束：它不能等待人工操作",
	"the secret's command failed: run it by hand to see why":                                                                         "输出密钥的命令失败：请手动运行查看原因",
	"the secret's file cannot be opened: check that it exists and that this user may read it":                                        "密钥文件无法打开：请确认它存在且当前用户可读",
	"the secret's file cannot be read":                                                                                               "密钥文件无法读取",
	"the secret's file is larger than 64 KiB: it must hold the secret and nothing else":                                              "密钥文件大于 64 KiB：其中应只有密钥",
	"the server does not speak https at this address: check the URL":                                                                 "该地址的服务器不使用 https：请检查 URL",
	"the server has nothing at this URL (HTTP 404): check the URL's path":                                                            "服务器在该 URL 没有内容（HTTP 404）：请检查 URL 的路径",
	"the server of the picture's address answered with HTTP status %v: check the address, or give the picture itself":                "图片地址的服务器返回 HTTP 状态 %v：请检查地址，或直接给出图片",
	"the server refused with HTTP %v: check the URL":                                                                                 "服务器以 HTTP %v 拒绝：请检查 URL",
	"the setting %v is wrong: give %v":                                                                                               "设置 %v 有误：应为 %v",
	"the vendor knows the appid; the secret cannot be told without a paid call":                                                      "服务商认识该 appid；不做付费调用无法判断密钥是否正确",
	"the vendor refuses the credential number %v: it is not used any more until the settings are given again":                        "服务商拒绝第 %v 组凭据：在重新给出设置之前不再使用",
	"the vendor takes jpg, png and bmp only: convert the picture":                                                                    "服务商只接受 jpg、png 和 bmp：请转换图片",
	"the vendor takes the appid and the secret":                                                                                      "服务商接受该 appid 和密钥",
	"the vendor takes the appid and the secret; the call cost %v yuan":                                                               "服务商接受该 appid 和密钥；这次调用花费 %v 元",
	"the vendor's clock is not known":                                                                                                "无法得知服务商的时钟",
	"the vendor's server answers":                                                                                                    "服务商的服务器有应答",
	"there is no home folder for the record of paid calls: set ledger to a file on a disk that stays, to postgres://…, or to memory": "没有存放付费调用账本的主文件夹：请把 ledger 设为持久磁盘上的文件、postgres://… 或 memory",
	"there is no ledger at that place: it is made by the first paid call; check the setting ledger":                                  "该处没有账本：它由首次付费调用建立；请检查设置 ledger",
	"there is no lock file at its path: write one with idrec plugins lock":                                                           "没有锁定文件：请用 idrec plugins lock 写入",
	"this clock differs from the vendor's by %v; %v are allowed":                                                                     "本机时钟与服务商相差 %v；允许 %v",
	"this machine's clock differs from the vendor's by %v, and the vendor allows 10 minutes: set the clock":                          "本机时钟与服务商相差 %v，服务商允许 10 分钟：请校准时钟",
	"this is not the key of this ledger: give the key with which it was made":                                                        "这不是该账本的密钥：请给出建立账本时的密钥",
	"url is missing: give the account's URL, as the vendor shows it after login":                                                     "缺少 url：请给出账户的 URL，登录后由服务商显示",
	"url is not a URL of the form https://HOST/PATH":                                                                                 "url 不是 https://HOST/PATH 形式的网址",
	"url is plain http to another machine, where anybody on the way can read the pictures: use https, or set insecure":               "url 是到其他机器的明文 http，途中任何人都能看到图片：请用 https，或设置 insecure",
}

// heard are the texts of elsewhere that hold a %v, as expressions.
var heard = sync.OnceValue(func() map[string]*regexp.Regexp {
	all := map[string]*regexp.Regexp{}
	for _, english := range slices.Sorted(maps.Keys(elsewhere)) {
		if strings.Contains(english, "%v") {
			all[english] = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(english), "%v", "(.{1,80}?)") + "$")
		}
	}
	return all
})

// Heard returns what somebody else said in the language, if the catalogue knows it.
func (l Language) Heard(english string) (text string, known bool) {
	if l == English {
		return english, true
	}
	if text, known = chinese(english); known {
		return text, true
	}
	for format, form := range heard() {
		if m := form.FindStringSubmatch(english); m != nil {
			args := make([]any, len(m)-1)
			for i, a := range m[1:] {
				args[i] = a
			}
			return l.Format(format, args...), true
		}
	}
	return english, false
}
