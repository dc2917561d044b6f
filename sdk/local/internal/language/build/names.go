package main

import (
	"math"
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/language"
)

// The surnames by falling frequency, then others that occur; the characters of most given names; those
// with which names of minorities are written in Chinese.
const (
	surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石" +
		"廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
	moreSurnames = "温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝" +
		"路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬" +
		"边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位" +
		"厉仝尉花卿阙亓郗郤郄逄邸邰郇郏鄂鄞殳晁亢缑干谯后种仉督逯公笪年墨哈有曲禤昝贲翦荀於麴芮羿汲糜松井富乌巴弓牧隗山宓郜" +
		"仰秋伊宿柏皇诸司东令慕宇长徒濮呼端万百赫拓完区乜妫厍麒眭睢钭訾雒凊"
	given = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂梅玲红玉华建国文志海燕春雪飞林波鹏宇浩然子轩梓涵欣怡佳琪诗雨晨曦思远博俊凯" +
		"峰云龙凤鑫婷雅慧倩颖莹晶晓东生永福德成荣祥顺金银宝贵财发才学礼义仁智信忠孝诚良善美淑贤珍珠翠琴琼瑶瑞琳璐珊瑜璇玮琦珂嘉豪" +
		"天泽睿哲宸铭宏立新夏秋冬月星辰光辉阳朝旭昊昕晖煜炜烨焱森柏松楠桐树根梁栋材柯一二三小大长少卫爱民权利贞中正方圆元亨" +
		"武斌彬庆喜乐安康宁怀恩念祖耀宗显继承先后世传家兴旺茂盛丰年登科第彩虹雯霖露霜雷震江河湖洲川溪泉源清澈洁净莲荷" +
		"菊竹芝芸芬香馨蕾蓉薇萍苹莉茜菲萱若可心语嫣悦妍媛婉姗姝婕娅娥妮妹毅恒坚韧勤俭实力功勋绩业创化育培养冠群" +
		"雄威猛虎豹狮鹤鸿雁鹰凰麒麟骏骥骁腾跃驰翔翰墨书画词歌赋棋剑锋锐钢铁铜钧锦绣绮丝绫纯素紫丹青碧黛玄白" +
		"帅帆畅越渊博达启瀚宽进来友全亮义高伦保帮满堂仲会顶本水火土木石山岩岳岭"
	minority = "阿不都拉热西提买合木江古丽尼亚孜艾力吐尔逊依布音穆罕默德卡玉素甫努帕夏汗巴克别肯斯吾萨迪赛哈米娜扎多吉次仁卓玛央措达娃旦增格桑索朗罗顿" +
		"珠姆曲珍仓决洛嘎边普其才让加旺堆尕藏托雅和日勒图乌云敖登高呼宝毕那顺孟呷惹沙依牛子果嫫"
)

// Shares of the characters of given names: of the list of common ones, of names of minorities, and of
// the levels of how common a character is in writing (GB 2312, and all others that registers hold).
const (
	shareGiven, shareMinority        = 0.58, 0.05
	shareLevel1, shareLevel2, share3 = 0.25, 0.08, 0.04
	size1, size2, size3              = 3755, 3008, 1800
	shareSurname, shareMoreSurname   = 0.80, 0.12
)

// names adds the costs of the characters of names. Every character of GB 2312 has one; the rest is left
// to the floor.
func names(t *language.Table) {
	for r := rune(0x4E00); r < 0xA000; r++ {
		var p float64
		switch level(r) {
		case 1:
			p = shareLevel1 / size1
		case 2:
			p = shareLevel2 / size2
		default:
			p = share3 / size3
		}
		if level(r) == 3 {
			if !strings.ContainsRune(surnames+moreSurnames+given+minority, r) {
				continue
			}
		}
		first := p
		if strings.ContainsRune(given, r) {
			p += shareGiven / float64(len([]rune(given)))
		}
		if strings.ContainsRune(minority, r) {
			p += shareMinority / float64(len([]rune(minority)))
		}
		first *= 0.2
		if i := index(surnames, r); i >= 0 { // about Zipf's law, as the census has it
			first += shareSurname / (float64(i) + 8) / 2.7
		}
		if i := index(moreSurnames, r); i >= 0 {
			first += shareMoreSurname / float64(len([]rune(moreSurnames)))
		}
		if strings.ContainsRune(minority, r) {
			first += 0.03 / float64(len([]rune(minority)))
		}
		t.Add(4, 0, 0, r, -math.Log(p))
		t.Add(5, 0, 0, r, -math.Log(first))
	}
}

func index(s string, r rune) int {
	for i, c := range []rune(s) {
		if c == r {
			return i
		}
	}
	return -1
}
