// The page of the side by side run (its Node peer's page.njk), as a server component: no script of its own, one call, streamed.
import { notFound } from "next/navigation";

export const dynamic = "force-dynamic";

async function item(size) {
  const reply = await fetch(`http://${process.env.UPSTREAM}/detail/${size}`, { cache: "no-store" });
  if (!reply.ok) notFound();
  return (await reply.json()).data;
}

export default async function Page({ params }) {
  const d = await item((await params).size);
  return (
    <>
      <title>{d.title}</title>
      <meta name="description" content={d.seo?.description} />
      <meta property="og:title" content={d.seo?.title} />
      {d.price && (
        <>
          <meta property="product:price:amount" content={d.price.amount} />
          <meta property="product:price:currency" content={d.price.currency} />
        </>
      )}
      {d.images?.map((image) => <link key={image} rel="preload" as="image" href={image} />)}
      <h1>{d.title}</h1>
      <p>{d.desc}</p>
      {d.seller && (
        <div className="seller" data-id={d.seller.id}>
          {d.seller.nick} ({d.seller.level})
        </div>
      )}
      {d.attributes && (
        <dl>
          {d.attributes.map((a, at) => [<dt key={`${at}t`}>{a.label}</dt>, <dd key={`${at}d`}>{a.value}</dd>])}
        </dl>
      )}
      {d.skus && (
        <ul className="skus">
          {d.skus.map((s) => (
            <li key={s.skuId} data-id={s.skuId}>
              {s.title && `${s.title} `}
              <b>{s.price.amount}</b> {s.price.currency}
              {s.specs?.map((p, at) => <i key={at}>{p.name}: {p.value}</i>)}
              <em>{s.stock > 0 ? `in stock: ${s.stock}` : "sold out"}</em>
            </li>
          ))}
        </ul>
      )}
      {d.reviews && (
        <>
          <h2>
            {d.reviews.total} / {d.reviews.average}
          </h2>
          <ol className="reviews">
            {d.reviews.list?.map((r) => (
              <li key={r.reviewId} data-id={r.reviewId}>
                <b>{r.userNick}</b> {r.score}
                <p>{r.content}</p>
                {r.reply && <blockquote>{r.reply.content}</blockquote>}
                <time>{r.gmtCreate}</time>
              </li>
            ))}
          </ol>
        </>
      )}
      {d.list && (
        <ul className="list">
          {d.list.map((i) => (
            <li key={i.id} data-id={i.id}>
              <a href={`/item/${i.id}`}>
                <img src={i.image} alt={i.title} />
                {i.title}
              </a>
              <b>{i.price?.amount}</b>
              {i.tags?.map((t) => <i key={t}>{t}</i>)}
              <span>
                {i.seller?.nick} {i.sales}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
