"""The names and sentences the demo is made of, half of them Chinese. All invented."""

from __future__ import annotations

CHINESE, ENGLISH = "zh-hans", "en"

CITIES = {
    CHINESE: ("北京", "天津", "青岛", "石家庄", "上海", "杭州", "苏州", "南京", "宁波", "无锡", "济南", "合肥"),
    ENGLISH: ("Hamburg", "Leeds", "Porto", "Malmö", "Lyon", "Denver", "Toronto", "Austin", "Gdańsk", "Utrecht", "Cork",
              "Bergen"),
}  # fmt: skip
COUNTRIES = {
    "Hamburg": "Germany", "Leeds": "United Kingdom", "Porto": "Portugal", "Malmö": "Sweden", "Lyon": "France",
    "Denver": "United States", "Toronto": "Canada", "Austin": "United States", "Gdańsk": "Poland",
    "Utrecht": "Netherlands", "Cork": "Ireland", "Bergen": "Norway",
}  # fmt: skip
COMPANY_FIRST = {
    CHINESE: ("华", "恒", "瑞", "鼎", "信", "博", "金", "盛", "宏", "嘉", "泰", "明", "远", "新", "天", "海", "中", "东",
              "永", "德"),
    ENGLISH: ("Amber", "Birch", "Cobalt", "Drift", "Elm", "Falcon", "Granite", "Harbor", "Iris", "Juniper", "Kestrel",
              "Linden", "Maple", "North", "Otter", "Pine", "Quartz", "Raven", "Summit", "Tidal"),
}  # fmt: skip
COMPANY_SECOND = {
    CHINESE: ("达", "通", "和", "泽", "丰", "源", "越", "诚", "祥", "宇", "锐", "康", "凯", "阳", "立"),
    ENGLISH: ("field", "gate", "stone", "bridge", "works", "light", "view", "ford", "mark", "well", "point", "crest",
              "haven", "brook", "line"),
}  # fmt: skip
INDUSTRIES = {
    CHINESE: ("机械制造", "物流", "医疗器械", "电子", "食品", "建筑", "零售", "软件"),
    ENGLISH: ("Machinery", "Logistics", "Medical devices", "Electronics", "Food", "Construction", "Retail", "Software"),
}
COMPANY_SUFFIX = {
    CHINESE: ("机械有限公司", "物流有限公司", "医疗器械有限公司", "电子有限公司", "食品有限公司", "建设有限公司", "商贸有限公司",
              "软件有限公司"),
    ENGLISH: ("Machinery", "Logistics", "Medical", "Electronics", "Foods", "Construction", "Retail", "Software"),
}  # fmt: skip
FAMILY = {
    CHINESE: ("王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高",
              "罗"),
    ENGLISH: ("Adams", "Berg", "Costa", "Doyle", "Evans", "Fischer", "Grant", "Hughes", "Ivanov", "Jansen", "Keller",
              "Larsen", "Moreau", "Nowak", "Olsen", "Parker", "Quinn", "Rossi", "Silva", "Turner"),
}  # fmt: skip
GIVEN = {
    CHINESE: ("伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀英", "志强",
              "建华", "雪梅", "文博", "子涵", "晓燕", "国栋"),
    ENGLISH: ("Anna", "Ben", "Clara", "David", "Eva", "Finn", "Grace", "Hugo", "Ida", "Jonas", "Kate", "Leo", "Mia",
              "Noah", "Olga", "Paul", "Ruth", "Simon", "Tara", "Victor", "Wendy", "Yusuf", "Zoe", "Nina", "Oscar"),
}  # fmt: skip
CONTACT_ROLES = {
    CHINESE: ("采购经理", "总经理", "信息主管", "财务", "生产主管"),
    ENGLISH: ("Purchasing", "Managing director", "Head of IT", "Finance", "Plant manager"),
}

# (name, code, series, price): Atlas 3 is the product whose launch went wrong.
PRODUCTS = (
    ("Atlas 2 测量站", "ATL-2", "Atlas", "12800"),
    ("Atlas 3 测量站", "ATL-3", "Atlas", "15600"),
    ("Atlas Probe 探头", "ATL-P", "Atlas", "2400"),
    ("Vela Sensor 传感器", "VEL-S", "Vela", "860"),
    ("Vela Gateway 网关", "VEL-G", "Vela", "3900"),
    ("Vela Cloud 云平台", "VEL-C", "Vela", "5400"),
    ("Calibration 校准服务", "SRV-C", "Service", "1200"),
    ("Training 培训", "SRV-T", "Service", "1800"),
)
ATLAS_3 = "Atlas 3"

OPPORTUNITY = {
    CHINESE: ("{product}采购", "{product}扩容", "新产线配套：{product}", "{product}更换项目"),
    ENGLISH: ("{product} for the new line", "{product} expansion", "Replacing old units with {product}", "{product}"),
}
ACTIVITY = {
    "call": {CHINESE: ("电话跟进报价", "电话了解需求", "电话确认交付时间"),
             ENGLISH: ("Called about the quote", "Asked about their plans", "Confirmed delivery by phone")},
    "meeting": {CHINESE: ("方案讨论会", "线上演示", "年度回顾会议"),
                ENGLISH: ("Discussed the proposal", "Online demo", "Yearly account meeting")},
    "visit": {CHINESE: ("上门拜访", "现场勘查"), ENGLISH: ("Visit on site", "Looked at the plant")},
    "email": {CHINESE: ("发送报价单", "发送产品资料", "答复技术问题"),
              ENGLISH: ("Sent the quote", "Sent the data sheet", "Answered technical questions")},
    "message": {CHINESE: ("微信沟通进展", "短信提醒付款"), ENGLISH: ("Short update by message", "Reminder by message")},
    "note": {CHINESE: ("客户预算下季度确定", "竞争对手也在报价"),
             ENGLISH: ("Budget is decided next quarter", "A competitor is quoting too")},
}  # fmt: skip
TASKS = {
    CHINESE: ("回访客户", "准备报价", "寄送样品", "确认合同条款", "安排演示", "核对订单"),
    ENGLISH: (
        "Call back",
        "Prepare the quote",
        "Send a sample",
        "Check the terms",
        "Arrange a demo",
        "Check the order",
    ),
}

# What comes next in a sale, by the position of its stage.
NEXT_STEPS = {
    1: {CHINESE: ("约需求沟通会", "确认预算与决策人"), ENGLISH: ("Meet about what they need", "Find out who decides")},
    2: {CHINESE: ("跟进报价", "安排产品演示"), ENGLISH: ("Follow up on the quote", "Show the product")},
    3: {CHINESE: ("确认合同条款", "约签约时间"), ENGLISH: ("Settle the terms", "Fix a date to sign")},
}
# The names an installation starts with, as a company that works in both languages would write them.
SHIPPED = {
    "Sales": "Sales 销售", "Qualifying": "Qualifying 需求确认", "Proposal": "Proposal 方案报价",
    "Negotiation": "Negotiation 商务谈判", "Won": "Won 赢单", "Lost": "Lost 丢单", "Price": "Price 价格",
    "Chose a competitor": "Chose a competitor 选择竞品", "No budget": "No budget 无预算",
    "No decision": "No decision 未决策", "Did not fit the need": "Did not fit the need 需求不符",
    "Support": "Support 客户支持", "Faulty": "Faulty 质量问题", "Wrong article": "Wrong article 发错货",
    "Not as expected": "Not as expected 与预期不符", "Ordered too many": "Ordered too many 订购过多",
}  # fmt: skip

# (category, English, Chinese)
TICKETS = (
    ("Setup", "How do we connect the gateway?", "网关如何接入？"),
    ("Setup", "Second probe is not recognised", "第二个探头无法识别"),
    ("Fault", "Readings jump after a restart", "重启后读数跳变"),
    ("Fault", "Sensor goes offline at night", "传感器夜间掉线"),
    ("Fault", "Display stays dark", "显示屏不亮"),
    ("Billing", "Invoice shows the wrong address", "发票地址有误"),
    ("Billing", "Please split the invoice", "请拆分发票"),
    ("Delivery", "One box is missing", "少收到一箱"),
    ("Delivery", "When does our order ship?", "订单何时发货？"),
    ("Calibration", "Certificate for the auditor", "需要校准证书"),
    ("Calibration", "Next calibration date", "下次校准时间"),
)
LAUNCH_TICKETS = (
    (ATLAS_3, "Atlas 3 loses its settings after the update", "Atlas 3 升级后设置丢失"),
    (ATLAS_3, "Atlas 3 does not start since the update", "Atlas 3 升级后无法启动"),
    (ATLAS_3, "Atlas 3: data export fails", "Atlas 3 数据导出失败"),
    (ATLAS_3, "Still no answer about our Atlas 3", "Atlas 3 的问题仍未得到答复"),
)
ASKED = {
    CHINESE: "您好，{subject}。请尽快协助处理，谢谢。",
    ENGLISH: "Hello, {subject} Could you help us with this? Thank you.",
}
ANSWERED = {
    CHINESE: "您好，已收到您的请求，我们正在查看，稍后给您答复。",
    ENGLISH: "Thank you for writing. We are looking into it and come back to you shortly.",
}
SOLVED = {
    CHINESE: "问题已处理完毕，如仍有异常请随时联系我们。",
    ENGLISH: "This is solved now. Please write again if anything is still wrong.",
}
HAPPY = {
    CHINESE: ("答复很快，谢谢！", "非常专业", "问题解决了", ""),
    ENGLISH: ("Quick and friendly.", "Solved at once, thank you.", "Very competent.", ""),
}
UNHAPPY = {
    CHINESE: ("等了很久才有人答复", "升级后问题更多了", "来回好几次才解决", ""),
    ENGLISH: ("Waited far too long for an answer.", "Worse since the update.", "Had to ask three times.", ""),
}
